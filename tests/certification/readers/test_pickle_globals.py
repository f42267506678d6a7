import pytest

from certification.readers.pickle_globals import Standing, classify


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("collections", "OrderedDict"), ("builtins", "set"), ("builtins", "ValueError"),
        ("numpy.core.multiarray", "_reconstruct"), ("numpy", "float64"),
        ("numpy.dtypes", "Float64DType"),
        ("torch", "FloatStorage"), ("torch._utils", "_rebuild_tensor_v2"),
        ("torch.nn.modules.linear", "Linear"), ("sklearn.linear_model._base", "LinearRegression"),
        ("sklearn._loss._loss", "__pyx_unpickle_CyHalfLoss"), ("scipy.sparse._csr", "csr_matrix"),
        ("scipy.stats._continuous_distns", "norm_gen"),
        ("torch.ao.nn.quantized.modules.linear", "Linear"),
    ],
)  # fmt: skip
def test_model_data_is_certified(module: str, name: str) -> None:
    assert classify(module, name) is Standing.CERTIFIED


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "eval"),
        ("builtins", "getattr"), ("importlib", "import_module"), ("functools", "partial"),
        ("torch.serialization", "os.system"), ("sklearn.utils", "os.system"), ("numpy", "load"),
        ("dill._dill", "_create_function"), ("pip", "main"), ("test.support", "run"),
        ("torch.hub", "load"), ("sklearn.utils._testing", "TempMemmap"), ("os\r", "system"),
        ("foo", "sys.modules"), ("", "x"), ("my_package", "exec"), ("asyncio", "X"),
        ("torch.utils.data", "Foo.Bar"),
    ],
)  # fmt: skip
def test_what_acts_is_refused(module: str, name: str) -> None:
    assert classify(module, name) is Standing.REFUSED


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("my_package.models", "Net"), ("__main__", "Net"), ("my_package", "Outer.Inner"),
        ("operator", "itemgetter"), ("sklearn.tree._tree", "function"), ("lightgbm", "Booster"),
        ("sklearn.tests.x", "Thing"), ("torch", "Foo"), ("__torch__", "Net"),
    ],
)  # fmt: skip
def test_the_rest_is_unknown(module: str, name: str) -> None:
    assert classify(module, name) is Standing.UNKNOWN


def test_torchscript_types_are_data_in_their_own_archive() -> None:
    assert classify("__torch__.net", "Net", torchscript=True) is Standing.CERTIFIED
    assert classify("os", "system", torchscript=True) is Standing.REFUSED
