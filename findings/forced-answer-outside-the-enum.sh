#!/usr/bin/env bash
# An engine that holds a model to a list of labels forces an answer that is not on the list.
#
# Seen on 2026-11-28 with lm-format-enforcer 0.11.3.
# A label that holds a double quote can be written up to the quote alone: {"label":"say "} for 'say "no"'. The valid
# spelling with a backslash is refused. Of true and false in an enum only True and False can be written, which is no
# JSON.
# Why it matters: structured answers are trusted to be on the list. Here every answer of one class is unreadable, which
# looks as if the teacher never gave it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'lm-format-enforcer==0.11.3'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json

from lmformatenforcer import JsonSchemaParser


def accepts(labels, text):
    parser = JsonSchemaParser({"type": "object", "properties": {"label": {"enum": labels}}, "required": ["label"]})
    for character in text:
        if character not in parser.get_allowed_characters():
            return False
        parser = parser.add_character(character)
    return parser.can_end()


def meaning(text, labels):
    try:
        label = json.loads(text)["label"]
    except ValueError:
        return "no JSON"
    return "a label" if label in labels else "none of the labels"


quoted, flags = ['say "no"', "yes"], [True, False]
cases = [
    (quoted, '{"label":"yes"}', ("let through", "a label")),
    (quoted, '{"label":"say \\"no\\""}', ("refused", "a label")),
    (quoted, '{"label":"say "}', ("let through", "none of the labels")),
    (flags, '{"label":true}', ("refused", "a label")),
    (flags, '{"label":True}', ("let through", "no JSON")),
]
for labels, text, expected in cases:
    got = "let through" if accepts(labels, text) else "refused"
    see(f"{text} of {labels}", (got, meaning(text, labels)), expected)
PYTHON
