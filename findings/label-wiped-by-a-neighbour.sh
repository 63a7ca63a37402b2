#!/usr/bin/env bash
# An update of one item's note wipes its label, where another item's label is updated in the same call.
#
# Seen on 2026-11-30 with sqlite-utils 4.2.1 and dataset 2.0.0 (SQLAlchemy 2.1.9).
# Rows of an update need not have all columns: those that a row does not name are left as they are. In one call with several
# rows, sqlite-utils' upsert_all takes the columns of all of them together and writes NULL for those that a row does not name;
# dataset's update_many does the same, its upsert_many does not. One row per call, or rows of one form, are right.
#
# Why it matters: answers, notes and failures of teachers are written in batches, and a batch of mixed rows is the usual one.
# Labels that were there, paid for or given by people, are gone; the same program with a batch of one keeps them.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'sqlite-utils==4.2.1' 'dataset==2.0.0' 'SQLAlchemy==2.1.9'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import dataset
import sqlite_utils

old = [{"id": 1, "label": "a", "note": None}, {"id": 2, "label": "b", "note": None}]
label, note = {"id": 1, "label": "c"}, {"id": 2, "note": "seen"}
kept = [(1, "c", None), (2, "b", "seen")]
wiped = [(1, "c", None), (2, None, "seen")]


def first(*batches):
    table = sqlite_utils.Database(memory=True)["items"]
    table.insert_all(old, pk="id")
    for batch in batches:
        table.upsert_all(batch, pk="id")
    return [tuple(row.values()) for row in table.rows]


def second(method, *batches):
    table = dataset.connect("sqlite:///:memory:")["items"]
    table.insert_many(old)
    for batch in batches:
        getattr(table, method)(batch, ["id"])
    return [tuple(row.values()) for row in table.all()]


see("sqlite-utils, upsert_all one by one", first([label], [note]), kept)
see("sqlite-utils, upsert_all together", first([label, note]), wiped)
see("dataset, update_many one by one", second("update_many", [label], [note]), kept)
see("dataset, update_many together", second("update_many", [label, note]), wiped)
see("dataset, upsert_many together", second("upsert_many", [label, note]), kept)
PYTHON
