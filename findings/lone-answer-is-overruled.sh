#!/usr/bin/env bash
# An item that one teacher alone labelled, as "no", gets "yes", where that teacher said nothing but "no" so far.
#
# Seen on 2026-11-30 with crowd-kit 1.4.2, pandas 2.3.3, scikit-learn 1.9.1 and numpy 1.26.4.
# Dawid-Skene learns for each worker how often they say what, by true label. crowd-kit's table of a worker has rows for the
# labels alone that the worker gave. Who gave "no" alone has one row, which is brought to 1 for every true label: their "no"
# says nothing any more, and the item gets the label that is most frequent. So it is after eight answers of theirs with which
# all others agreed; one "yes" elsewhere, and the item is "no" with certainty. That is what the likelihood alone says of a
# worker with one label, and no prior says otherwise. MajorityVote, OneCoinDawidSkene, GLAD and MACE say "no".
#
# Why it matters: teachers that only flag (unsafe, toxic, positive) give one label alone, and so do teachers with few answers.
# What they alone found gets the opposite label, and the rare class is lost just where it was found.
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
from crowdkit.aggregation import GLAD, MACE, DawidSkene, MajorityVote, OneCoinDawidSkene

warnings.simplefilter("ignore")


def votes(agreed, *more):
    """a and b label twenty items alike, c as many of the eight "no" among them, and c alone one more."""
    truth = ["yes", "yes", "yes", "no", "no"] * 4
    rows = [(item, worker, label) for item, label in enumerate(truth) for worker in "ab"]
    rows += [(item, "c", "no") for item in [item for item, label in enumerate(truth) if label == "no"][:agreed]]
    rows += [("alone", "c", "no"), *more]
    return pandas.DataFrame(rows, columns=["task", "worker", "label"])


def chances(table):
    row = DawidSkene().fit_predict_proba(table).loc["alone"]
    return {label: round(float(row[label]), 2) for label in ("yes", "no")}


for agreed in (0, 1, 8):
    table = votes(agreed)
    see(f"DawidSkene, {agreed} answers agreed with", DawidSkene().fit_predict(table)["alone"], "yes")
    see(f"DawidSkene, {agreed} answers agreed with, chances", chances(table), {"yes": 0.6, "no": 0.4})
    for method in (MajorityVote, OneCoinDawidSkene, GLAD, MACE):
        see(f"{method.__name__}, {agreed} answers agreed with", method().fit_predict(table)["alone"], "no")
table = votes(8, (0, "c", "yes"))
see("DawidSkene, 8 answers and one yes agreed with, chances", chances(table), {"yes": 0.0, "no": 1.0})
PYTHON
