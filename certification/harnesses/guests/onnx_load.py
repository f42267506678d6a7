import hashlib
import json
import sys

import numpy
import onnxruntime

onnxruntime.set_default_logger_severity(4)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
TYPES = {
    "float": "f4",
    "double": "f8",
    "float16": "f2",
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint64": "u8",
    "uint32": "u4",
    "uint16": "u2",
    "uint8": "u1",
    "bool": "?",
    "string": "O",
}


def shape_of(value, size):
    return [
        d if isinstance(d, int) and d > 0 else size if n else 1 for n, d in enumerate(value.shape)
    ]


def zeros(value, size):
    kind = TYPES[value.type.removeprefix("tensor(").removesuffix(")")]
    return numpy.full(shape_of(value, size), "" if kind == "O" else 0, kind)


said = {"inputs": {}, "outputs": [], "sha256": "", "fault": ""}
for size in (1, 64, 512):
    try:
        outputs = session.run(None, {v.name: zeros(v, size) for v in session.get_inputs()})
    except Exception as fault:
        said["fault"] = said["fault"] or f"{type(fault).__name__}: {fault}"[:300]
        continue
    arrays = [numpy.asarray(output) for output in outputs]
    said = {
        "inputs": {v.name: shape_of(v, size) for v in session.get_inputs()},
        "outputs": [list(array.shape) for array in arrays],
        "sha256": hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest(),
        "finiteOutputs": all(bool(numpy.isfinite(a).all()) for a in arrays if a.dtype.kind == "f"),
        "fault": "",
    }
    break
print(json.dumps(said))
