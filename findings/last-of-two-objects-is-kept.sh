#!/usr/bin/env bash
# Of two answers that contradict each other a JSON repairer keeps the second, of two that complete each other both.
#
# Seen on 2026-11-28 with json-repair 0.64.6.
# A reply with two objects of the same keys gives the second one alone, whether it is the answer after a draft or an
# example after the answer. Two objects of different keys give a list. So the type of the result depends on the text
# around the answer. "90%" is repaired to 90 where 0.9 stays 0.9.
#
# Why it matters: replies of models with drafts and examples in them get labels that nobody gave; a confidence of 90
# enters an average of numbers from 0 to 1.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'json-repair==0.64.6'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json_repair

replies = [
    ('A draft: {"label": "No"} Better: {"label": "Yes"}', {"label": "Yes"}),
    ('{"label": "Yes"} Had the gate been shut: {"label": "No"}', {"label": "No"}),
    ('{"label": "Yes"} {"rationale": "open"}', [{"label": "Yes"}, {"rationale": "open"}]),
    ('{"label": "Yes" or "No"}', {"label": 'Yes" or "No'}),
    ('{"label": "Yes", "confidence": 90%}', {"label": "Yes", "confidence": 90}),
    ('{"label": "Yes", "confidence": .9}', {"label": "Yes", "confidence": 0.9}),
]
for reply, expected in replies:
    see(reply, json_repair.loads(reply), expected)
PYTHON
