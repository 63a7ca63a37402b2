#!/usr/bin/env bash
# Two students that answer alike on every item differ significantly: the p-value is 0.
#
# Seen on 2026-11-30 with mlxtend 0.25.0, statsmodels 0.15.0 and pingouin 0.7.0.
# McNemar's test counts the items that one student alone has right. Where there are none, the statistic with its correction is
# 1/0: mlxtend's mcnemar, by default, and statsmodels' with exact=False give infinity and the p-value 0.0, with a
# RuntimeWarning of numpy at most. Without the correction both give NaN, exact tests (statsmodels' default) 1, and pingouin
# raises an error. Where each student has five such items the corrected p-value is not 1 either, but 0.75.
#
# Why it matters: a student before and after a change, a model and its quantized copy, two runs of one seed are compared on
# slices, and the p-values under 0.05 are looked at. The slices in which nothing changed come first.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'mlxtend==0.25.0' 'statsmodels==0.15.0' 'pingouin==0.7.0' 'numpy==2.4.6' 'pandas==2.3.3' 'scipy==1.17.1'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import math
import warnings

import numpy
import pandas
import pingouin
from mlxtend.evaluate import mcnemar, mcnemar_table
from statsmodels.stats.contingency_tables import mcnemar as other

warnings.simplefilter("ignore")


def value(p):
    return "NaN" if math.isnan(p) else round(float(p), 2)


labels = numpy.array([0, 1] * 50)
answers = numpy.where(numpy.arange(100) % 5 == 0, 1 - labels, labels)
table = mcnemar_table(y_target=labels, y_model1=answers, y_model2=answers)
see("right and wrong of two equal students", table.tolist(), [[80, 0], [0, 20]])
see("mlxtend", value(mcnemar(table)[1]), 0.0)
see("mlxtend without the correction", value(mcnemar(table, corrected=False)[1]), "NaN")
see("mlxtend, exact", value(mcnemar(table, exact=True)[1]), 1.0)
see("statsmodels with exact=False", value(other(table, exact=False).pvalue), 0.0)
see("statsmodels without the correction", value(other(table, exact=False, correction=False).pvalue), "NaN")
see("statsmodels, exact", value(other(table).pvalue), 1.0)
try:
    right = (answers == labels).astype(int)
    pingouin.chi2_mcnemar(pandas.DataFrame({"one": right, "two": right}), "one", "two")
    raise SystemExit("This has changed. It was an error.")
except ValueError as error:
    print(f"pingouin: {error}")
even = numpy.array([[80, 5], [5, 10]])
see("five items each, mlxtend", value(mcnemar(even)[1]), 0.75)
see("five items each, exact", value(mcnemar(even, exact=True)[1]), 1.0)
PYTHON
