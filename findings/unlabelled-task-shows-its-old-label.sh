#!/usr/bin/env bash
# A task that nobody labelled leaves an export with a label, and the ids of two exports of one project differ.
#
# Seen on 2026-11-28 with label-studio-sdk 2.1.2 (its converter).
# JSON_MIN puts the data of a task and the answers about it into one object. Where data and control have the same name,
# the answer wins, and without an answer the data's own value stands there as if it had been chosen. "id" is the task's
# number in JSON_MIN; in CSV it is the data's own id where it has one and the task's number in the other rows.
#
# Why it matters: items to be reviewed are usually imported with the label that a model gave them in a column "label".
# Exported halfway, unreviewed items count as reviewed; and a join by id works with one of the two exports.
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
<Choices name="label" toName="text"><Choice value="yes"/><Choice value="no"/></Choices></View>'''
result = [{"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": ["yes"]}}]
tasks = [
    {"id": 501, "data": {"text": "reviewed", "id": "A7", "label": "no"},
     "annotations": [{"id": 1, "completed_by": 1, "was_cancelled": False, "result": result}]},
    {"id": 502, "data": {"text": "not reviewed", "id": "A8", "label": "no"}, "annotations": []},
    {"id": 503, "data": {"text": "has no id of its own"}, "annotations": []},
]
with open("tasks.json", "w") as file:
    json.dump(tasks, file)
converter = Converter(page, project_dir=os.getcwd())
converter.convert("tasks.json", "min", "JSON_MIN", is_dir=False)
converter.convert("tasks.json", "table", "CSV", is_dir=False)
with open("min/result.json") as file:
    rows = json.load(file)
see(
    "JSON_MIN", [(row["id"], row["text"], row.get("label")) for row in rows],
    [(501, "reviewed", "yes"), (502, "not reviewed", "no"), (503, "has no id of its own", None)])
with open("table/result.csv", newline="") as file:
    rows = list(csv.DictReader(file))
see("ids in CSV", [row["id"] for row in rows], ["A7", "A8", "503"])
PYTHON
