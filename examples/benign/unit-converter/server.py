"""A Model Context Protocol server that converts units, on the standard library alone.

Speaks JSON-RPC 2.0 over stdio, one message a line (MCP transport "stdio").
"""

import json
import sys

PROTOCOL = "2025-06-18"
TO_METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "ft": 0.3048, "in": 0.0254}
TOOLS = [
    {
        "name": "convert_length",
        "description": "Convert a length from one unit to another. Units: m, km, mi, ft, in.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "value": {"type": "number", "description": "The length to convert."},
                "source": {"type": "string", "enum": sorted(TO_METRES)},
                "target": {"type": "string", "enum": sorted(TO_METRES)},
            },
            "required": ["value", "source", "target"],
        },
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
    }
]


def convert_length(value, source, target):
    return value * TO_METRES[source] / TO_METRES[target]


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": PROTOCOL,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "unit-converter", "version": "1.0.0"},
        }
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call" and params.get("name") == "convert_length":
        try:
            result = convert_length(**params.get("arguments", {}))
        except (KeyError, TypeError) as fault:
            return {"isError": True, "content": [{"type": "text", "text": f"Bad input: {fault}"}]}
        return {"content": [{"type": "text", "text": str(result)}]}
    if method == "ping":
        return {}
    raise LookupError(method)


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            reply["result"] = answer(message.get("method"), message.get("params") or {})
        except LookupError:
            reply["error"] = {"code": -32601, "message": "Method not found"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
