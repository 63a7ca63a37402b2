#!/usr/bin/env bash
# The answer of one server comes out of the cache for another, and that of one way of sampling for another.
#
# Seen on 2026-11-29 with dspy 3.4.1, litellm 1.110.2, langchain-openai 1.7.4 and langchain-core 1.8.3, against two servers
# in the script that serve different models under one name.
# The caches of dspy (on by default) and litellm leave the address of the server out of the key: the second server is never
# asked, and its answer is the first one's. litellm leaves out too some settings that local servers take (min_p,
# repetition_penalty, guided_choice, and all of extra_body), and counts others (top_k, temperature). The cache of langchain
# counts the address.
#
# Why it matters: local servers are often started alike and called "model" or "default". Two teachers then agree on
# everything, as one of them was asked twice; a comparison of a student before and after training shows no difference at
# all.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
# litellm imports the last two where it finds an answer in its cache.
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'dspy==3.4.1' 'litellm==1.110.2' 'langchain-openai==1.7.4' 'langchain-core==1.8.3' \
  'fastapi==0.165.0' 'soundfile==0.14.0'
cd "$folder"
export LITELLM_LOCAL_MODEL_COST_MAP=True DSPY_CACHEDIR="$folder/cache" HOME="$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import http.server
import json
import threading

import dspy
import litellm
from langchain_core.caches import InMemoryCache
from langchain_openai import ChatOpenAI


class Server(http.server.BaseHTTPRequestHandler):
    questions = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.questions.append(self.server.name)
        message = {"role": "assistant", "content": self.server.name}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        body = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def serve(name):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.name = name
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"


first, second = serve("first"), serve("second")


def ask(base, **settings):
    question = [{"role": "user", "content": "Who are you?"}]
    reply = litellm.completion("openai/m", question, api_base=base, api_key="none", caching=True, **settings)
    return reply.choices[0].message.content


def asked_again(**settings):
    before = len(Server.questions)
    ask(first, **settings)
    return len(Server.questions) > before


pair = [dspy.LM("openai/m", api_base=base, api_key="none")("Who are you?") for base in (first, second)]
see("dspy, first and second server", pair, [["first"], ["first"]])
see("questions", Server.questions, ["first"])
litellm.cache = litellm.Cache(type="local")
see("litellm, first and second server", [ask(base) for base in (first, second)], ["first", "first"])
for settings, again in (
    ({"min_p": 0.1}, False), ({"repetition_penalty": 1.2}, False), ({"guided_choice": ["first"]}, False),
    ({"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}}, False),
    ({"top_k": 3}, True), ({"temperature": 0.5}, True),
):
    see(f"litellm asks again for {settings}", asked_again(**settings), again)
cache = InMemoryCache()
pair = [ChatOpenAI(model="m", base_url=base, api_key="none", cache=cache).invoke("Who are you?").content
        for base in (first, second)]
see("langchain, first and second server", pair, ["first", "second"])
PYTHON
