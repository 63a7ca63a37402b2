#!/usr/bin/env bash
# Teachers that all say the same: five packages for agreement give 1, not a number, or one of two errors.
#
# Seen on 2026-11-28 with nltk 3.10.4, scikit-learn 1.9.1, statsmodels 0.15.0, krippendorff 0.9.0 and irrCAC 0.4.4.
# Chance-corrected agreement is 0/0 where one label alone occurs. nltk gives 1, scikit-learn's and statsmodels' kappa
# NaN, krippendorff refuses the table, irrCAC divides by zero.
#
# Why it matters: on the easy part of the data (one slice, one batch, a quick trial) teachers often agree wholly. A
# mean over slices then is NaN, or perfect, or stops, by the choice of package.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'nltk==3.10.4' 'scikit-learn==1.9.1' 'statsmodels==0.15.0' 'krippendorff==0.9.0' 'irrCAC==0.4.4' 'numpy==1.26.4'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import math
import warnings

import krippendorff
import numpy
import pandas
from irrCAC.raw import CAC
from nltk.metrics.agreement import AnnotationTask
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

warnings.simplefilter("ignore")


def outcome(compute):
    try:
        value = float(compute())
    except (ValueError, ZeroDivisionError) as error:
        return type(error).__name__
    return "NaN" if math.isnan(value) else value


rows = [(worker, item, "yes") for worker in "ab" for item in range(3)]
yes = ["yes"] * 3
see("nltk alpha", outcome(lambda: AnnotationTask(data=rows).alpha()), 1.0)
see("nltk kappa", outcome(lambda: AnnotationTask(data=rows).kappa()), 1.0)
see("scikit-learn kappa", outcome(lambda: cohen_kappa_score(yes, yes)), "NaN")
see("scikit-learn kappa, both labels named", outcome(lambda: cohen_kappa_score(yes, yes, labels=["yes", "no"])), "NaN")
see("statsmodels Fleiss", outcome(lambda: fleiss_kappa(numpy.array([[2, 0]] * 3))), "NaN")
table = [[1, 1, 1], [1, 1, 1]]
alpha = outcome(lambda: krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))
see("krippendorff alpha", alpha, "ValueError")
frame = pandas.DataFrame({"a": yes, "b": yes})
see("irrCAC Fleiss", outcome(lambda: CAC(frame).fleiss()["est"]["coefficient_value"]), "ZeroDivisionError")
PYTHON
