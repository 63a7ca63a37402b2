#!/usr/bin/env bash
# A table with one column is split at a letter of its own header.
#
# Seen on 2026-11-28 with pandas 3.1.1.
# read_csv(sep=None, engine="python") guesses the separator, which is right for semicolons and tabs. A file with a
# single column has none, and a letter is taken: "label" becomes the columns "", "abe" and "", the labels lose letters.
# No warning, no error.
#
# Why it matters: a list of labels or texts, one a line, is a usual file; an importer that lets pandas guess reads
# columns that nobody wrote.
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

import pandas


def read(text):
    table = pandas.read_csv(io.StringIO(text), sep=None, engine="python")
    return list(table.columns), table.astype(object).where(table.notna(), None).values.tolist()


see("semicolons", read("id;label\n1;yes, partly\n2;no\n"), (["id", "label"], [[1, "yes, partly"], [2, "no"]]))
see(
    "one column 'label'", read("label\nyes\nno\n"),
    (["Unnamed: 0", "abe", "Unnamed: 2"], [["yes", None, None], ["no", None, None]]))
see(
    "one column 'text'", read("text\nthe gate is open\nthe bell rang\n"),
    (["Unnamed: 0", "ex", "Unnamed: 2"], [[None, "he ga", "e is open"], [None, "he bell rang", None]]))
PYTHON
