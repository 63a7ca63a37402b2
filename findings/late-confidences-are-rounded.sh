#!/usr/bin/env bash
# A confidence late in a long table is rounded to 0 or 1, and a label that appears late is lost.
#
# Seen on 2026-11-30 with duckdb 2.0.1 and polars 2.1.0.
# Readers guess the types of columns by the first rows: duckdb by about 20480, polars by 100. Where a column has whole numbers
# so far, duckdb's read_csv and read_json turn a later 0.75 into 1 and 0.4 into 0, without a word; a text that is no number
# raises an error. In JSON Lines a column that was null so far stays null, whatever comes, a column of true and false takes
# "no" for false, and a key that first appears later is dropped; polars drops it too, from rows and from objects in them.
# Polars raises an error for the confidence and for the column of nulls. sample_size=-1 (duckdb) and infer_schema_length=None
# (polars) read everything first and are right.
#
# Why it matters: replies are written teacher by teacher, or failures first. The confidences 1 and 0 of a first teacher round
# those of a second one, and only in the large run: in the short trial before it all rows are among those that are looked at.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'duckdb==2.0.1' 'polars==2.1.0'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json

import duckdb
import polars


def csv(early, late, where=25000):
    with open("replies.csv", "w") as file:
        file.write("item,reply\n")
        file.writelines(f"{item},{late if item == where else early}\n" for item in range(30000))
    return duckdb.sql(f"SELECT reply FROM read_csv('replies.csv') WHERE item = {where}").fetchall()[0][0]


def lines(early, late, where=25000, length=30000):
    with open("replies.jsonl", "w") as file:
        for item in range(length):
            file.write(json.dumps({"item": item} | (late if item == where else early)) + "\n")


def json_lines(early, late, option=""):
    lines({"reply": early}, {"reply": late})
    return duckdb.sql(f"SELECT reply FROM read_json('replies.jsonl'{option}) WHERE item = 25000").fetchall()[0][0]


def outcome(compute):
    try:
        return compute()
    except (duckdb.Error, polars.exceptions.PolarsError) as error:
        return type(error).__name__


see("duckdb, CSV: 0.75 in row 100 of ones", csv(1, 0.75, where=100), 0.75)
see("duckdb, CSV: 0.75 in row 25000 of ones", csv(1, 0.75), 1)
see("duckdb, CSV: 0.4 in row 25000 of ones", csv(1, 0.4), 0)
see("duckdb, CSV: high in row 25000 of ones", outcome(lambda: csv(1, "high")), "ConversionException")
see("duckdb, JSON Lines: 0.75 in row 25000 of ones", json_lines(1, 0.75), 1)
see("duckdb, JSON Lines: 0.4 in row 25000 of ones", json_lines(1, 0.4), 0)
see("duckdb, JSON Lines: \"no\" in row 25000 of nulls", json_lines(None, "no"), None)
see("duckdb, JSON Lines: \"no\" in row 25000 of true", json_lines(True, "no"), False)
see("duckdb, all rows looked at: 0.75", json_lines(1, 0.75, ", sample_size=-1"), 0.75)
lines({}, {"label": "no"})
see("duckdb: columns where row 25000 alone has a label", duckdb.sql("FROM 'replies.jsonl'").columns, ["item"])

lines({}, {"label": "no"}, where=120, length=150)
see("polars: columns where row 120 alone has a label", polars.read_ndjson("replies.jsonl").columns, ["item"])
whole = polars.read_ndjson("replies.jsonl", infer_schema_length=None)
see("polars, all rows looked at", whole.columns, ["item", "label"])
lines({"chances": {"yes": 0.9}}, {"chances": {"no": 0.8}}, where=120, length=150)
see("polars: {\"no\": 0.8} in row 120 of {\"yes\": 0.9}", polars.read_ndjson("replies.jsonl")["chances"][120], {"yes": None})
lines({"reply": 1}, {"reply": 0.75}, where=120, length=150)
see("polars: 0.75 in row 120 of ones", outcome(lambda: polars.read_ndjson("replies.jsonl")), "ComputeError")
lines({"reply": None}, {"reply": "no"}, where=120, length=150)
see("polars: \"no\" in row 120 of nulls", outcome(lambda: polars.read_ndjson("replies.jsonl")), "ComputeError")
PYTHON
