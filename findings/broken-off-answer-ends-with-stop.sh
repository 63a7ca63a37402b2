#!/usr/bin/env bash
# An answer that was broken off ends with "stop", and raises an error where the same one is streamed.
#
# Seen on 2026-11-29 with litellm 1.110.2, against a server in the script.
# litellm turns the reasons for which servers end an answer into those of OpenAI, and those that it does not know into
# "stop", with a warning in its log: "abort" of vLLM and SGLang, "insufficient_system_resource" of DeepSeek. "error" and
# "network_error", which it knows, become "stop" without a warning. "length" stays, "refusal" is "content_filter". Streamed,
# "abort" and "error" raise an error, the other two are "stop" as before. The server's own word is in
# provider_specific_fields of the choice.
#
# Why it matters: "stop" is what a reader checks to keep an answer. Half an answer that reads as a whole one becomes a
# label, or a text that the student learns to end in the middle.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'litellm==1.110.2'
cd "$folder"
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_LOG=ERROR
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import http.server
import json
import threading

import litellm

litellm.suppress_debug_info = True


class Server(http.server.BaseHTTPRequestHandler):
    reason = ""

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        reply = {"id": "1", "created": 1, "model": "m"}
        content = {"role": "assistant", "content": "The label is not"}
        choice = {"index": 0, "finish_reason": self.reason}
        self.send_response(200)
        if question.get("stream"):
            reply["object"] = "chat.completion.chunk"
            parts = [{**choice, "delta": content, "finish_reason": None}, {**choice, "delta": {}}]
            body = "".join(f"data: {json.dumps({**reply, 'choices': [part]})}\n\n" for part in parts) + "data: [DONE]\n\n"
            self.send_header("content-type", "text/event-stream")
        else:
            reply["object"] = "chat.completion"
            body = json.dumps({**reply, "choices": [{**choice, "message": content}]})
            self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/v1"


def ask(reason, **settings):
    Server.reason = reason
    question = [{"role": "user", "content": "Which label?"}]
    return litellm.completion("openai/m", question, api_base=address, api_key="none", **settings)


def streamed(reason):
    try:
        return list(ask(reason, stream=True))[-1].choices[0].finish_reason
    except litellm.exceptions.MidStreamFallbackError as error:
        return type(error).__name__


for reason, expected, expected_of_stream in (
    ("stop", "stop", "stop"), ("length", "length", "length"), ("refusal", "content_filter", "content_filter"),
    ("insufficient_system_resource", "stop", "stop"), ("network_error", "stop", "stop"),
    ("abort", "stop", "MidStreamFallbackError"), ("error", "stop", "MidStreamFallbackError"),
):
    (choice,) = ask(reason).choices
    see(f"ended by {reason!r}, whole and streamed", (choice.finish_reason, streamed(reason)), (expected, expected_of_stream))
    if reason != expected:
        see("the server's word", choice.provider_specific_fields, {"native_finish_reason": reason})
PYTHON
