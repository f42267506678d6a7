import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    magic, version, tensors, values = struct.unpack("<4sIQQ", file.read(24))
assert magic == b"GGUF", magic
print(json.dumps({"version": version, "tensors": tensors, "values": values}))
