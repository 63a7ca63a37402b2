#!/usr/bin/env bash
# Missing votes agree with one another: they are counted as a label of their own.
#
# Seen on 2026-11-28 with statsmodels 0.15.0, numpy 1.26.4 and pandas 2.3.3.
# aggregate_raters turns votes into counts for fleiss_kappa. NaN, or an empty text, becomes one more category. Items
# that nobody answered then raise the agreement.
#
# Why it matters: teachers that refuse or time out on the same items count as agreeing, and kappa goes up as more
# answers are missing.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'statsmodels==0.15.0' 'numpy==1.26.4' 'pandas==2.3.3'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import numpy
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

votes = numpy.array([[1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 0]], dtype=float)
silent = numpy.full((4, 3), numpy.nan)


def kappa(table):
    counts, categories = aggregate_raters(table)
    return [str(category) for category in categories], round(float(fleiss_kappa(counts)), 4)


see("four items, three teachers", kappa(votes), (["0.0", "1.0"], -0.3333))
see("and four items without an answer", kappa(numpy.vstack([votes, silent])), (["0.0", "1.0", "nan"], 0.4667))
texts = numpy.array([["yes", "yes", ""], ["no", "no", "yes"]])
see("empty texts", kappa(texts)[0], ["", "no", "yes"])
PYTHON
