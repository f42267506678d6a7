import json
import math
import struct
import sys

import numpy

TYPES = {
    "F64": "f8",
    "F32": "f4",
    "F16": "f2",
    "BF16": "u2",
    "I64": "i8",
    "I32": "i4",
    "I16": "i2",
    "I8": "i1",
    "U64": "u8",
    "U32": "u4",
    "U16": "u2",
    "U8": "u1",
    "BOOL": "?",
}
CHUNK, BUDGET = 2**22, 2**30


def is_finite(values, kind):
    if kind == "BF16":
        return bool(((values & 0x7F80) != 0x7F80).all())
    return values.dtype.kind != "f" or bool(numpy.isfinite(values).all())


data = numpy.memmap(sys.argv[1], mode="r")
size = struct.unpack("<Q", bytes(data[:8]))[0]
header = json.loads(bytes(data[8 : 8 + size]))
header.pop("__metadata__", None)
read, examined, finite = 0, 0, True
for name, tensor in header.items():
    start, end = tensor["data_offsets"]
    if tensor["dtype"] not in TYPES:
        continue
    values = data[8 + size + start : 8 + size + end].view(TYPES[tensor["dtype"]])
    assert values.size == math.prod(tensor["shape"]), name
    read += 1
    for place in range(0, values.size, CHUNK):
        if examined >= BUDGET:
            break
        chunk = values[place : place + CHUNK]
        examined += chunk.size
        finite = finite and is_finite(chunk, tensor["dtype"])
print(
    json.dumps({"tensors": len(header), "read": read, "valuesExamined": examined, "finite": finite})
)
