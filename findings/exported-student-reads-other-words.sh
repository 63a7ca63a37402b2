#!/usr/bin/env bash
# A student of word counts decides otherwise after its export to ONNX: "not a good film" turns from bad to good.
#
# Seen on 2026-11-30 with skl2onnx 1.20.0, onnxruntime 1.32.0 and scikit-learn 1.9.1.
# CountVectorizer and TfidfVectorizer take words of two and more letters of any alphabet. Exported, they take runs of a-z, A-Z,
# 0-9 and _, single ones too: "a" stands between "not" and "good", so the pair "not good" is not there, and "très" is "tr"
# and "s", neither of them a word of the model. Nothing warns, the words that both take alike are right.
# (The locale is set, as the export asks for that of en_US otherwise, and does not load where there is none.)
#
# Why it matters: the smallest student is often such a model, and it is exported to be served. What was evaluated is not what
# answers, most of all for negations, and for every language with accents.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'skl2onnx==1.20.0' 'onnx==1.23.2' 'onnxruntime==1.32.0' 'scikit-learn==1.9.1' 'numpy==2.4.6'
cd "$folder"
"$folder/venv/bin/python" -W error::UserWarning - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import numpy
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def train(words, good, bad):
    """Whether a text is good, by the model and by its export."""
    model = make_pipeline(words, LogisticRegression(C=10))
    model.fit((good + bad) * 3, (["good"] * len(good) + ["bad"] * len(bad)) * 3)
    exported = to_onnx(model, initial_types=[("texts", StringTensorType([None]))],
                       options={id(model): {"zipmap": False}, type(words): {"locale": "C"}})
    session = onnxruntime.InferenceSession(exported.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda text: (str(model.predict([text])[0]), str(session.run(None, {"texts": numpy.array([text])})[0][0]))


for words in (CountVectorizer, TfidfVectorizer):
    name = words.__name__
    ask = train(words(ngram_range=(1, 2)), ["good film", "good plot", "a good day"], ["not good", "not a film", "not my day"])
    see(f"{name}, not good film", ask("not good film"), ("bad", "bad"))
    see(f"{name}, not a good film", ask("not a good film"), ("bad", "good"))
    ask = train(words(), ["bon film", "très clair", "été doux"], ["mauvais film", "peu clair", "hiver froid", "texte lourd"])
    see(f"{name}, bon", ask("bon"), ("good", "good"))
    see(f"{name}, très", ask("très"), ("good", "bad"))
    see(f"{name}, été", ask("été"), ("good", "bad"))
PYTHON
