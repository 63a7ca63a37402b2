#!/usr/bin/env bash
# Where teachers are split evenly, the label that comes first in the alphabet wins, every time.
#
# Seen on 2026-11-28 with crowd-kit 1.4.2, scikit-learn 1.9.1 and pandas 2.3.3.
# MajorityVote, DawidSkene and GLAD say "no" for one vote each, whoever gave which, and "apply" where the labels are
# called "apply" and "reject". Nothing tells a tie from a decision. A worker who is listed twice votes twice.
#
# Why it matters: with two teachers, or four, the items with ties are the hard ones, and all of them get one class.
# The student learns that class for what is hard. Renaming the labels turns it round.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'crowd-kit==1.4.2' 'scikit-learn==1.9.1' 'pandas==2.3.3' 'numpy==1.26.4'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import warnings

import pandas
from crowdkit.aggregation import GLAD, DawidSkene, MajorityVote

warnings.simplefilter("ignore")


def decide(method, *votes):
    table = pandas.DataFrame([(1, worker, label) for worker, label in votes], columns=["task", "worker", "label"])
    return method().fit_predict(table)[1]


for method in (MajorityVote, DawidSkene, GLAD):
    decisions = [
        decide(method, ("a", "yes"), ("b", "no")), decide(method, ("a", "no"), ("b", "yes")),
        decide(method, ("a", "reject"), ("b", "apply")), decide(method, ("a", "apply"), ("b", "reject"))]
    see(f"{method.__name__} for yes:no, no:yes, reject:apply, apply:reject", decisions, ["no", "no", "apply", "apply"])
see("a says yes twice, b says no", decide(MajorityVote, ("a", "yes"), ("a", "yes"), ("b", "no")), "yes")
PYTHON
