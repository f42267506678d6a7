"""Runs an agent beside a model that follows a script: OpenAI- and Anthropic-shaped, on loopback.

    python script.py COMMAND...

The script plays one honest turn that uses the first tool the agent offers, one that gives the
agent the task of `ASSAY_LURE` where that is set, and then says it is done. What was asked and
answered is printed as the last line of stderr.
"""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY = 4 * 1024 * 1024
MAX_TURNS = 40
DONE = "Done."
turns = []
lure = os.environ.pop("ASSAY_LURE", "")


def tools_of(body):
    """(name, schema) of each tool in a request of either shape."""
    found = []
    for tool in body.get("tools") or []:
        inner = tool.get("function") or tool
        schema = inner.get("parameters") or inner.get("input_schema") or {}
        found.append((str(inner.get("name", "")), schema))
    return found


def arguments_of(schema):
    """Just enough for each required property; `ASSAY_LURE` for every text on the second turn."""
    made = {}
    text = lure if lure and len(turns) == 1 else "hello"
    for name in schema.get("required") or []:
        kind = (schema.get("properties") or {}).get(name, {}).get("type")
        simple = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
        made[name] = simple.get(kind, text)
    return made


def next_turn(body):
    """(tool name, arguments) or (None, text) for this request."""
    tools = tools_of(body)
    planned = 2 if lure else 1
    if tools and len(turns) < planned:
        name, schema = tools[0]
        turn = (name, arguments_of(schema))
    else:
        turn = (None, lure if lure and not turns else DONE)
    turns.append({"tools": [name for name, _ in tools], "answer": list(turn)})
    return turn


def chat(body):
    name, given = next_turn(body)
    message = {"role": "assistant", "content": given if name is None else None}
    if name is not None:
        call = {"name": name, "arguments": json.dumps(given)}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if name else "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {
        "id": "chat_1",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [choice],
        "usage": usage,
    }


def messages(body):
    name, given = next_turn(body)
    text = {"type": "text", "text": given}
    use = {"type": "tool_use", "id": "call_1", "name": name, "input": given}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [text if name is None else use],
        "stop_sequence": None,
        "stop_reason": "tool_use" if name else "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def responses(body):
    name, given = next_turn(body)
    if name is None:
        part = {"type": "output_text", "text": given, "annotations": []}
        item = {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }
    else:
        item = {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "name": name,
            "arguments": json.dumps(given),
            "status": "completed",
        }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": "scripted",
        "output": [item],
        "parallel_tool_calls": False,
        "tools": [],
        "tool_choice": "auto",
    }


SHAPES = {"/chat/completions": chat, "/messages": messages, "/responses": responses}


def streamed(shape, answer):
    """The same answer as server-sent events, in as few as each client takes."""
    if shape is chat:
        choice = answer["choices"][0]
        delta = dict(choice["message"])
        for index, call in enumerate(delta.get("tool_calls", [])):
            call["index"] = index
        chunk = {**answer, "object": "chat.completion.chunk"}
        first = {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        last = {
            **chunk,
            "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}],
        }
        return [("", first), ("", last), ("", None)]
    if shape is messages:
        part = answer["content"][0]
        start = {**part, "text": ""} if part["type"] == "text" else {**part, "input": {}}
        delta = (
            {"type": "text_delta", "text": part["text"]}
            if part["type"] == "text"
            else {"type": "input_json_delta", "partial_json": json.dumps(part["input"])}
        )
        stop = {"stop_reason": answer["stop_reason"], "stop_sequence": None}
        told = [
            {"type": "message_start", "message": {**answer, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": start},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ]
        return [(one["type"], one) for one in told]
    item = answer["output"][0]
    told = [
        {"type": "response.created", "response": {**answer, "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": answer},
    ]
    return [(one["type"], {**one, "sequence_number": number}) for number, one in enumerate(told)]


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        shape = next(
            (s for path, s in SHAPES.items() if self.path.split("?")[0].endswith(path)), None
        )
        if shape is None or size > MAX_BODY or len(turns) >= MAX_TURNS:
            self.say(404 if shape is None else 429, {"error": {"message": "not in the script"}})
            return
        body = json.loads(self.rfile.read(size) or b"{}")
        answer = shape(body)
        if not body.get("stream"):
            self.say(200, answer)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event, data in streamed(shape, answer):
            name = f"event: {event}\n" if event else ""
            self.wfile.write(f"{name}data: {json.dumps(data) if data else '[DONE]'}\n\n".encode())
        self.close_connection = True

    def do_GET(self):
        model = {"id": "scripted", "object": "model", "created": 0, "owned_by": "assay"}
        self.say(200, {"object": "list", "data": [model]})

    def say(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words):
        """Say nothing: stderr is the agent's."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
environment = {
    **os.environ,
    "OPENAI_BASE_URL": f"{address}/v1",
    "OPENAI_API_BASE": f"{address}/v1",
    "ANTHROPIC_BASE_URL": address,
}
command = sys.argv[1:]
if command[0] in {"python", "python3"}:
    command[0] = sys.executable
ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
print(json.dumps({"assayTurns": turns}), file=sys.stderr)
sys.exit(ended.returncode if ended.returncode >= 0 else 128 - ended.returncode)
