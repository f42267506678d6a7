"""Judges one import of a pickle: certified, unknown or refused; default is never certified.

An import is certified when it is exactly a data class or rebuilder that model files need. A
stdlib name outside that list is refused: whatever it does, a model has no use for it. Names
of other packages are unknown, unless their package is known to run, fetch or load things.
"""

import re
import sys
from enum import StrEnum


class Standing(StrEnum):
    CERTIFIED = "certified"
    UNKNOWN = "unknown"
    REFUSED = "refused"


def _names(module: str, names: str) -> dict[tuple[str, str], Standing]:
    return {(module, name): Standing.CERTIFIED for name in names.split()}


_SAFE_BUILTINS = (
    "bool bytearray bytes complex dict float frozenset int list long object range set slice str "
    "tuple unicode xrange Ellipsis NotImplemented NotImplementedType BaseException basestring"
)
_NUMPY_SCALARS = (
    "bool bool_ bool8 byte ubyte short ushort intc uintc int_ uint longlong ulonglong half single "
    "double longdouble float_ csingle cdouble clongdouble complex_ int8 int16 int32 int64 uint8 "
    "uint16 uint32 uint64 intp uintp float16 float32 float64 float96 float128 complex64 "
    "complex128 complex256 str_ unicode_ string_ bytes_ object_ void datetime64 timedelta64 long "
    "ulong"
)
#: Element-wise functions of numpy that transformers keep; they touch nothing but their arguments.
_NUMPY_UFUNCS = (
    "abs absolute add arccos arcsin arctan cbrt ceil clip cos cosh divide equal exp exp2 expm1 "
    "fabs floor identity log log10 log1p log2 maximum minimum multiply negative power rint sign "
    "sin sinh sqrt square subtract tan tanh mean median max min sum"
)
_TORCH_DTYPES = (
    "bfloat16 bool complex128 complex32 complex64 double float float16 float32 float64 "
    "float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz half int int16 int32 int64 int8 "
    "long qint32 qint8 quint2x4 quint4x2 quint8 short uint16 uint32 uint64 uint8 cfloat cdouble "
    "per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric "
    "per_channel_affine_float_qparams strided sparse_coo sparse_csr contiguous_format "
    "preserve_format channels_last"
)
_TORCH_REBUILDERS = (
    "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter "
    "_rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor "
    "_rebuild_sparse_csr_tensor _rebuild_meta_tensor_no_storage _rebuild_nested_tensor "
    "_rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor "
    "_rebuild_wrapper_subclass"
)
#: Activations that layers keep a reference to.
_ACTIVATIONS = (
    "celu elu gelu hardsigmoid hardswish hardtanh leaky_relu log_softmax logsigmoid mish relu "
    "relu6 selu sigmoid silu softmax softmin softplus softsign tanh tanhshrink"
)
_RANDOM = "MT19937 PCG64 PCG64DXSM Philox SFC64 RandomState Generator SeedSequence"

_EXACT: dict[tuple[str, str], Standing] = {
    **_names("builtins", _SAFE_BUILTINS),
    **_names("__builtin__", _SAFE_BUILTINS),
    **_names("collections", "ChainMap Counter OrderedDict UserDict UserList defaultdict deque"),
    **_names("datetime", "date datetime time timedelta timezone"),
    **_names("decimal", "Decimal"),
    **_names("_decimal", "Decimal"),
    **_names("fractions", "Fraction"),
    **_names("uuid", "UUID SafeUUID"),
    **_names("pathlib", "PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath Path"),
    **_names("array", "_array_reconstructor array"),
    **_names("types", "SimpleNamespace"),
    **_names("argparse", "Namespace"),
    **_names("time", "struct_time"),
    **_names("ipaddress", "IPv4Address IPv4Network IPv6Address IPv6Network"),
    **_names("copyreg", "_reconstructor __newobj__"),
    **_names("copy_reg", "_reconstructor __newobj__"),
    **_names("_codecs", "encode"),
    **_names("random", "Random"),
    **_names("re", "_compile"),
    **_names("zoneinfo", "ZoneInfo ZoneInfo._unpickle"),
    ("operator", "itemgetter"): Standing.UNKNOWN,
    ("logging", "getLogger"): Standing.UNKNOWN,
    ("_io", "BytesIO"): Standing.UNKNOWN,
    ("_io", "StringIO"): Standing.UNKNOWN,
    **_names("numpy", _NUMPY_SCALARS),
    **_names("numpy", _NUMPY_UFUNCS),
    **_names("numpy", "dtype ndarray matrix recarray record generic number integer floating"),
    **_names("numpy.core.multiarray", "_reconstruct scalar"),
    **_names("numpy._core.multiarray", "_reconstruct scalar"),
    **_names("numpy.core.numeric", "_frombuffer"),
    **_names("numpy._core.numeric", "_frombuffer"),
    **_names("numpy._core._internal", "_convert_to_stringdtype_kwargs"),
    **_names("numpy.ma.core", "_mareconstruct MaskedArray MaskedConstant"),
    **_names("numpy.ma", "MaskedArray"),
    **_names("numpy.matrixlib.defmatrix", "matrix"),
    **_names("numpy.random", _RANDOM),
    **_names("numpy.random.mtrand", "RandomState"),
    **_names("numpy.random._generator", "Generator"),
    **_names("numpy.random._mt19937", "MT19937"),
    **_names("numpy.random._pcg64", "PCG64 PCG64DXSM"),
    **_names("numpy.random._philox", "Philox"),
    **_names("numpy.random._sfc64", "SFC64"),
    **_names("numpy.random.bit_generator", "SeedSequence __pyx_unpickle_SeedSequence"),
    **_names(
        "numpy.random._pickle",
        "__bit_generator_ctor __generator_ctor __randomstate_ctor",
    ),
    **_names("joblib.numpy_pickle", "NumpyArrayWrapper"),
    **_names("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper"),
    **_names("sklearn.neighbors._kd_tree", "newObj"),
    **_names("sklearn.neighbors._ball_tree", "newObj"),
    **_names("sklearn.metrics._dist_metrics", "newObj"),
    **_names(
        "sklearn.cluster._kmeans",
        "_kmeans_single_elkan _kmeans_single_lloyd lloyd_iter_chunked_dense",
    ),
    **_names(
        "sklearn.feature_selection._univariate_selection",
        "chi2 f_classif f_oneway f_regression r_regression",
    ),
    **_names(
        "sklearn.feature_selection._mutual_info", "mutual_info_classif mutual_info_regression"
    ),
    **_names(
        "sklearn.metrics.pairwise",
        "cosine_similarity euclidean_distances linear_kernel polynomial_kernel rbf_kernel",
    ),
    **_names("sklearn.metrics._classification", "accuracy_score f1_score log_loss"),
    **_names("sklearn.metrics._regression", "mean_squared_error r2_score"),
    **_names("scipy.sparse._csr", "csr_matrix csr_array"),
    **_names("scipy.sparse._csc", "csc_matrix csc_array"),
    **_names("scipy.sparse._coo", "coo_matrix coo_array"),
    **_names("scipy.sparse._bsr", "bsr_matrix bsr_array"),
    **_names("scipy.sparse._dia", "dia_matrix dia_array"),
    **_names("scipy.sparse._lil", "lil_matrix lil_array"),
    **_names("scipy.sparse._dok", "dok_matrix dok_array"),
    **_names("scipy.sparse.csr", "csr_matrix"),
    **_names("scipy.sparse.csc", "csc_matrix"),
    **_names("scipy.sparse.coo", "coo_matrix"),
    **_names("scipy.spatial._ckdtree", "cKDTree"),
    **_names("scipy.spatial._kdtree", "KDTree"),
    **_names("scipy.interpolate._interpolate", "PPoly interp1d"),
    **_names("scipy.interpolate._bsplines", "BSpline"),
    **_names("scipy.interpolate._cubic", "Akima1DInterpolator CubicSpline PchipInterpolator"),
    **_names("scipy.stats._distn_infrastructure", "rv_continuous_frozen rv_discrete_frozen"),
    **_names("torch", _TORCH_DTYPES),
    **_names("torch", "Size Tensor device Generator"),
    **_names("torch._utils", _TORCH_REBUILDERS),
    **_names("torch._tensor", "_rebuild_from_type_v2 Tensor"),
    **_names("torch.nn.parameter", "Parameter Buffer UninitializedParameter"),
    **_names("torch.nn", "Parameter"),
    **_names("torch.nn.functional", _ACTIVATIONS),
    **_names("torch._C._nn", "gelu silu softplus"),
    **_names("torch.serialization", "_get_layout"),
    **_names(
        "torch.jit._pickle",
        "build_boollist build_doublelist build_intlist build_tensor_from_id build_tensorlist "
        "restore_type_tag",
    ),
    **_names("pandas._libs.internals", "_unpickle_block"),
    **_names("pandas.core.frame", "DataFrame"),
    **_names("pandas.core.series", "Series"),
    **_names("pandas.core.internals.managers", "BlockManager SingleBlockManager"),
    **_names("pandas.core.indexes.base", "Index _new_Index"),
    **_names("pandas.core.indexes.range", "RangeIndex"),
}

_BUILTINS = frozenset({"builtins", "__builtin__", "exceptions"})
_CLASS = re.compile(r"_*[A-Z][A-Za-z0-9_]*\Z")
_UNPICKLE = re.compile(r"__pyx_unpickle_[A-Z][A-Za-z0-9_]*\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_STORAGE = re.compile(r"(?:Typed|Untyped|[A-Z][A-Za-z0-9]*)Storage\Z")
_DISTRIBUTION = re.compile(r"[a-z_0-9]+_gen\Z")
_CLASS_SHAPES = {
    "torch": _STORAGE,
    "torch.cuda": _STORAGE,
    "torch.storage": _STORAGE,
    "scipy.stats._continuous_distns": _DISTRIBUTION,
    "scipy.stats._discrete_distns": _DISTRIBUTION,
}
_EXCEPTION = re.compile(r"[A-Z][A-Za-z]*(?:Error|Exception|Warning|Exit|Iteration|Interrupt)\Z")

#: Packages whose classes (never functions) are model state.
_CLASS_FAMILIES = (
    "sklearn", "torch.nn.modules", "torch.optim", "torch.ao.nn", "torch.nn.quantized",
    "torch.ao.quantization.observer", "torch.ao.quantization.fake_quantize", "scipy.sparse",
    "torch.nn.qat", "torch.quantization.observer", "numpy.dtypes", "torchvision.models",
    "numpy.polynomial",
)  # fmt: skip
#: Parts of those packages that exist to run or fetch things.
_NOT_MODEL_STATE = frozenset(
    {"_testing", "conftest", "datasets", "distributed", "externals", "testing", "tests"}
)
#: Packages of the standard library that `sys.stdlib_module_names` of 3.11 does not name: tests,
#: newer and older versions, and the installers that come with Python.
_MORE_STDLIB = frozenset({
    "__builtin__", "_aix_support", "_distutils_hack", "_osx_support", "_pyrepl", "annotationlib",
    "asynchat", "asyncore", "cPickle", "cStringIO", "commands", "compression", "copy_reg",
    "distutils", "exceptions", "httplib", "imghdr", "imp", "lib2to3", "msilib", "nis",
    "ossaudiodev", "pip", "pipes", "pkg_resources", "popen2", "setuptools", "sitecustomize",
    "smtpd", "sndhdr", "spwd", "string.templatelib", "telnetlib", "test", "urllib2", "urlparse",
    "usercustomize", "uu", "wheel", "xdrlib",
})  # fmt: skip
#: Packages and modules that run code, load code, or speak to the outside.
_DANGEROUS = (
    "aiohttp", "anyio", "bdb", "cffi", "click", "cloudpickle", "dask", "dill", "django", "docker",
    "execnet", "fabric", "fastapi", "flask", "fsspec", "git", "gunicorn", "h5py", "httpx",
    "huggingface_hub", "invoke", "ipykernel", "IPython", "jax.experimental.host_callback", "jedi",
    "jinja2", "joblib.externals", "jsonpickle", "jupyter_client", "kombu", "celery", "mako",
    "mlflow", "multiprocess", "networkx.readwrite", "numba", "numexpr", "numpy.ctypeslib",
    "numpy.distutils", "numpy.f2py", "numpy.lib.npyio", "numpy.testing", "numpy.lib.format",
    "paramiko", "parsl", "pathos", "pexpect", "playwright", "plumbum", "psutil", "ptyprocess",
    "pyautogui", "pyximport", "ray", "requests", "ruamel", "scapy", "scipy.io", "scipy.weave",
    "selenium", "sh", "shellingham", "sklearn.datasets", "sklearn.externals",
    "sklearn.utils._testing", "sqlalchemy", "streamlit", "torch._C", "torch._dynamo",
    "torch._inductor", "torch.cuda._sanitizer", "torch.distributed", "torch.fx", "torch.hub",
    "torch.jit", "torch.multiprocessing", "torch.onnx", "torch.package", "torch.serialization",
    "torch.testing", "torch.utils", "torch._utils_internal", "torch._export", "tornado", "trio",
    "twisted", "urllib3", "uvicorn", "watchdog", "websocket", "websockets", "werkzeug",
    "win32api", "win32com", "xmlrpclib", "yaml", "zmq", "cv2.utils", "pydub", "sqlite3",
    "pymysql", "psycopg2", "boto3", "botocore", "paddle.utils", "nltk.downloader",
    "tensorflow.io", "gradio", "transformers.dynamic_module_utils", "pytest", "_pytest", "nose",
    "code", "pandas.io",
)  # fmt: skip
_DANGEROUS_NAMES = frozenset({
    "DataSource", "Popen", "__import__", "call", "check_output", "compile", "eval", "exec",
    "execfile", "execute", "fromfile", "genfromtxt", "getattr", "import_module", "import_string",
    "jit_load", "load", "load_library", "load_module", "load_state_dict_from_url", "loads",
    "loadtxt", "memmap", "open", "popen", "query", "read_pickle", "run_code", "runstring", "save",
    "savetxt", "setattr", "spawn", "system", "to_pickle", "tofile", "unsafe_load",
})  # fmt: skip


def classify(module: str, name: str, *, torchscript: bool = False) -> Standing:
    """The standing of `module.name`; `torchscript` when it stands in a TorchScript archive,
    whose own `__torch__` types no Python imports."""
    if torchscript and _within(module, "__torch__"):
        return Standing.CERTIFIED
    if (module, name) in _EXACT:
        return _EXACT[module, name]
    parts = name.split(".")
    named = all(_IDENTIFIER.match(word) for word in [*module.split("."), *parts])
    if not named or _is_refused(module, parts):
        return Standing.REFUSED
    return Standing.CERTIFIED if _is_model_state(module, name) else Standing.UNKNOWN


def _is_refused(module: str, parts: list[str]) -> bool:
    if _is_standard(module):
        return not (module in _BUILTINS and _EXCEPTION.match(".".join(parts)))
    if any(_within(module, bad) for bad in _DANGEROUS):
        return not _is_model_state(module, parts[-1])
    hidden = len(parts) > 1 and not all(_CLASS.match(part) for part in parts)
    return hidden or any(part in _DANGEROUS_NAMES for part in parts)


def _is_standard(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in _MORE_STDLIB


def _is_model_state(module: str, name: str) -> bool:
    if module in _BUILTINS:
        return True  # only exception classes come this far
    if module in _CLASS_SHAPES:
        return bool(_CLASS_SHAPES[module].match(name))
    if _NOT_MODEL_STATE.intersection(module.split(".")):
        return False
    known = any(_within(module, family) for family in _CLASS_FAMILIES)
    extension = module.startswith("sklearn") and _UNPICKLE.match(name)
    return known and bool(_CLASS.match(name) or extension)


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")
