#!/usr/bin/env bash
# An export has a text where an annotator chose one thing and an object where the annotator chose two.
#
# Seen on 2026-11-28 with label-studio-sdk 2.1.2 (its converter; JSON_MIN and CSV).
# The same control gives "a" for one choice and {"choices": ["a", "b"]} for two; a text area with two texts gives
# {"text": [...]}. In CSV the object is JSON inside a cell. An annotation that was cancelled, and its task with it, is
# left out of the export without a word.
#
# Why it matters: a reader that was written on a small export, in which everybody chose one thing, takes the JSON of the
# first double choice for a new label, or loses the row.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'label-studio-sdk==2.1.2'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import csv
import json
import os

from label_studio_sdk.converter import Converter

page = '''<View><Text name="text" value="$text"/>
<Choices name="kind" toName="text" choice="multiple"><Choice value="a"/><Choice value="b"/></Choices>
<TextArea name="why" toName="text"/></View>'''


def task(number, kinds, texts, cancelled=False):
    result = [
        {"from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": kinds}},
        {"from_name": "why", "to_name": "text", "type": "textarea", "value": {"text": texts}},
    ]
    annotation = {"id": number, "completed_by": 1, "was_cancelled": cancelled, "result": result}
    return {"id": number, "data": {"text": f"item {number}"}, "annotations": [annotation]}


with open("tasks.json", "w") as file:
    json.dump([task(1, ["a"], ["one"]), task(2, ["a", "b"], ["one", "two"]), task(3, ["b"], ["three"], True)], file)
converter = Converter(page, project_dir=os.getcwd())
converter.convert("tasks.json", "min", "JSON_MIN", is_dir=False)
converter.convert("tasks.json", "table", "CSV", is_dir=False)
with open("min/result.json") as file:
    rows = json.load(file)
see(
    "JSON_MIN", [(row["id"], row["kind"], row["why"]) for row in rows],
    [(1, "a", "one"), (2, {"choices": ["a", "b"]}, {"text": ["one", "two"]})])
with open("table/result.csv", newline="") as file:
    rows = list(csv.DictReader(file))
see(
    "CSV", [(row["id"], row["kind"], row["why"]) for row in rows],
    [("1", "a", "one"), ("2", '{"choices":["a","b"]}', '{"text":["one","two"]}')])
PYTHON
