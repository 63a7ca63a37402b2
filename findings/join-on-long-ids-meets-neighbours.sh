#!/usr/bin/env bash
# A join gives an item the label of another one whose 19-digit id ends differently.
#
# Seen on 2026-11-28 with pandas 3.1.1.
# Ids of posts have 19 digits. A column of them that has a gap is read as Float64, which holds about 16; merging it with
# a column of whole numbers compares as Float64. So items whose ids differ in the last digits are all joined to one row,
# without a warning.
#
# Why it matters: a teacher that skipped one item writes a table with a gap, and its labels then go to neighbours in
# time, that is to posts of one thread.
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
import warnings

import pandas

warnings.simplefilter("error")
items = pandas.read_csv(io.StringIO("id,text\n1700000000000000001,open\n1700000000000000002,shut\n"))
replies = pandas.read_csv(io.StringIO("id,label\n1700000000000000001,yes\n,no\n"))
see("type of the ids", (str(items["id"].dtype), str(replies["id"].dtype)), ("int64", "float64"))
joined = items.merge(replies, on="id", how="left")
see(
    "joined", joined[["id", "text", "label"]].values.tolist(),
    [[1700000000000000001, "open", "yes"], [1700000000000000002, "shut", "yes"]])
PYTHON
