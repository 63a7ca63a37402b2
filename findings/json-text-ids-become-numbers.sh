#!/usr/bin/env bash
# Text ids in JSON Lines become numbers, and two of them the same one.
#
# Seen on 2026-11-28 with pandas 3.1.1.
# In JSON "007" is a text and 7 is a number; no guess is needed. read_json guesses all the same: a column of texts that
# all look like numbers becomes one of numbers, "2e1" is 20, "007" and "7" are one id. dtype=False keeps the texts.
#
# Why it matters: replies of teachers are joined to items by id, and labels such as "01" are texts. After read_json the
# join finds nothing, or the wrong item.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'pandas==3.1.1'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import io
import json

import pandas

rows = [{"id": "007", "label": "01"}, {"id": "7", "label": "1"}, {"id": "2e1", "label": "0"}]
lines = "\n".join(json.dumps(row) for row in rows)
print("the file:", *lines.splitlines(), sep="\n  ")
read = pandas.read_json(io.StringIO(lines), lines=True)
see("ids as read", read["id"].tolist(), [7.0, 7.0, 20.0])
see("labels as read", read["label"].tolist(), [1, 1, 0])
kept = pandas.read_json(io.StringIO(lines), lines=True, dtype=False)
see("ids with dtype=False", kept["id"].tolist(), ["007", "7", "2e1"])
PYTHON
