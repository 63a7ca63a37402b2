#!/usr/bin/env bash
# One prediction has F1 1.0 and 0.0 under two settings that are both called strict.
#
# Seen on 2026-11-28 with seqeval 1.2.2 and nervaluate 1.2.1.
# A span that begins with I- in place of B- is whole for seqeval by default and for nervaluate in all its schemas,
# "strict" among them; with seqeval's mode="strict" and scheme=IOB2 it does not exist.
#
# Why it matters: a student that finds the right words and writes I- first is perfect or useless by the choice of
# package. Span scores are comparable only where they name package and mode.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'seqeval==1.2.2' 'nervaluate==1.2.1'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import warnings

from nervaluate import Evaluator
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2

warnings.simplefilter("ignore")
gold = [["O", "B-MATERIAL", "I-MATERIAL", "O"]]
said = [["O", "I-MATERIAL", "I-MATERIAL", "O"]]
see("seqeval, default", float(f1_score(gold, said)), 1.0)
see("seqeval, mode strict, IOB2", float(f1_score(gold, said, mode="strict", scheme=IOB2)), 0.0)
overall = Evaluator(gold, said, tags=["MATERIAL"], loader="list").evaluate()["overall"]
see("nervaluate, strict", float(overall["strict"].f1), 1.0)
PYTHON
