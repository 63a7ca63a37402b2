#!/usr/bin/env bash
# A provider's fault behind status 200 comes out of both clients as an answer.
#
# Seen on 2026-11-28 with openai 3.57.0 and anthropic 2.14.0, against a server in the script.
# finish_reason "error", which relays in front of several providers send when one breaks off in the middle, is outside
# the client's type and passes: chat.completions.parse gives a parsed object, where it raises for "length" and
# "content_filter". A body {"error": ...} is a ChatCompletion whose choices are None; with the other client a Message
# whose content is None.
#
# Why it matters: half an answer that happens to parse is kept as a label; the typed client is no check of what came.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'openai==3.57.0' 'anthropic==2.14.0'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import http.server
import json
import threading
from typing import Literal

import anthropic
import openai
from pydantic import BaseModel


class Answer(BaseModel):
    label: Literal["Yes", "No"]


class Provider(http.server.BaseHTTPRequestHandler):
    reply = {}

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(self.reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
ask = [{"role": "user", "content": "Open?"}]
chat = openai.OpenAI(api_key="none", base_url=f"{address}/v1", max_retries=0).chat.completions
messages = anthropic.Anthropic(api_key="none", base_url=address, max_retries=0).messages


def ended(reason):
    message = {"role": "assistant", "content": '{"label": "No"}'}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    Provider.reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    if reason == "error":
        choice["error"] = {"code": 502, "message": "the provider broke off"}
    try:
        parsed = chat.parse(model="m", messages=ask, response_format=Answer)
    except openai.OpenAIError as error:
        return type(error).__name__
    return parsed.choices[0].message.parsed.label


see("ended by 'length'", ended("length"), "LengthFinishReasonError")
see("ended by 'content_filter'", ended("content_filter"), "ContentFilterFinishReasonError")
see("ended by 'error'", ended("error"), "No")
Provider.reply = {"error": {"code": 503, "message": "overloaded"}}
got = chat.create(model="m", messages=ask)
see("openai, a body with an error alone", (type(got).__name__, got.choices), ("ChatCompletion", None))
Provider.reply = {"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}}
got = messages.create(model="m", max_tokens=5, messages=ask)
see("anthropic, a body with an error alone", (type(got).__name__, got.type, got.content), ("Message", "error", None))
server.shutdown()
PYTHON
