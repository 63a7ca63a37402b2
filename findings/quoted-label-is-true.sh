#!/usr/bin/env bash
# A label in quotes becomes the label "True", and one with a capital letter is drawn by lot.
#
# Seen on 2026-11-30 with scikit-llm 1.4.3, against a server in the script.
# A classifier for several labels looks for each of the answer as it is, then without its quotes; where that helps, what goes
# into the result is whether it helped, "True". For one label the quotes are taken away rightly. What is not found letter by
# letter ("Yes", "yes.", "yes " for "yes") gets a label that is drawn from the labels of the training data, in proportion,
# unless default_label names one: the documentation says so for answers that are not valid. Nothing tells the drawn labels
# from the others, and nothing seeds them but Python's own random.
#
# Why it matters: prompts show labels in quotes, so models answer in quotes, and begin with capital letters. The student is
# trained on "True", on chance, and on other chance in each run; the frequencies of the labels look right all the same.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'scikit-llm==1.4.3' 'openai==1.109.1' 'numpy==2.4.6' 'pandas==2.3.3' 'scikit-learn==1.9.1'
cd "$folder"
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from skllm.config import SKLLMConfig
from skllm.models.gpt.classification.zero_shot import MultiLabelZeroShotGPTClassifier, ZeroShotGPTClassifier


class Service(BaseHTTPRequestHandler):
    answer = ""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": self.answer}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *values):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
SKLLMConfig.set_openai_key("none")
SKLLMConfig.set_gpt_url(f"http://127.0.0.1:{server.server_port}/v1")


def ask(classifier, label, times=1):
    Service.answer = json.dumps({"label": label})
    return classifier.predict(["a text"] * times).tolist()


several = MultiLabelZeroShotGPTClassifier(model="custom_url::m", max_labels=2).fit(None, [["cat", "dog"]])
see("several labels, cat and dog", ask(several, ["cat", "dog"])[0], ["cat", "dog"])
see("several labels, 'cat' in quotes and dog", ask(several, ["'cat'", "dog"])[0], ["True", "dog"])
one = ZeroShotGPTClassifier(model="custom_url::m").fit(None, ["yes", "no"])
see("one label, yes, 40 times", set(ask(one, "yes", 40)), {"yes"})
see("one label, 'yes' in quotes, 40 times", set(ask(one, "'yes'", 40)), {"yes"})
for answer in ("Yes", "yes.", "yes "):
    see(f"one label, {answer!r}, 40 times", sorted(set(ask(one, answer, 40))), ["no", "yes"])
one = ZeroShotGPTClassifier(model="custom_url::m", default_label="none").fit(None, ["yes", "no"])
see("one label, 'Yes', default_label='none'", ask(one, "Yes"), ["none"])
server.shutdown()
PYTHON
