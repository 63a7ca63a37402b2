#!/usr/bin/env bash
# One schema for a label with a confidence from 0 to 1 allows different answers in two engines.
#
# Seen on 2026-11-28 with xgrammar 0.2.9 and outlines-core 0.2.14.
# outlines-core takes no notice of minimum and maximum, so a confidence of 90 is allowed. xgrammar keeps to them and by
# that forbids ways to write a number that are in range: 1e-3, and 0.1234567 since it has more than six decimals.
#
# Why it matters: the same configuration with another server gives confidences on another scale, or rounds what a model
# wants to say of rare labels.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'xgrammar==0.2.9' 'outlines-core==0.2.14'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json
import re

import xgrammar
from outlines_core.json_schema import build_regex_from_schema
from xgrammar.testing import _is_grammar_accept_string as grammar_accepts

number = {"type": "number", "minimum": 0, "maximum": 1}
properties = {"label": {"enum": ["No", "Yes"]}, "confidence": number}
schema = json.dumps({
    "type": "object", "properties": properties, "required": ["label", "confidence"], "additionalProperties": False})
grammar, expression = xgrammar.Grammar.from_json_schema(schema), build_regex_from_schema(schema)


def allowed(confidence):
    text = f'{{"label": "No", "confidence": {confidence}}}'
    return grammar_accepts(grammar, text), re.fullmatch(expression, text) is not None


cases = {
    "0.5": (True, True), "1": (True, True), "90": (False, True), "1e-3": (False, True),
    "0.123456": (True, True), "0.1234567": (False, True)}
for confidence, expected in cases.items():
    see(f"{confidence} (xgrammar, outlines-core)", allowed(confidence), expected)
PYTHON
