#!/usr/bin/env bash
# A calibrated answer depends on the other rows of the same call.
#
# Seen on 2026-11-29 with scikit-learn 1.9.1 and numpy 2.4.6.
# CalibratedClassifierCV(method="temperature") calibrates logits, and takes the logarithm of probabilities first. Of three
# and more classes it tells the two apart by the values of a whole call: where all rows add up to 1 they are probabilities,
# and where a single one does not (0.33, 0.33, 0.33 adds up to 0.99) all of them are taken for logits. So the same row gets
# another answer next to such a row. Fitting does the same: one rounded row among 101, and a teacher that is too sure of
# itself is made surer still.
#
# Why it matters: confidences of teachers are rounded, or were computed in 16 bits, and do not add up to exactly 1. A
# calibrated teacher gives other soft labels, and other decisions above a threshold, by how its rows were put into batches.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'scikit-learn==1.9.1' 'numpy==2.4.6'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import numpy
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator


class Teacher(ClassifierMixin, BaseEstimator):
    """Replies are the rows themselves: the probabilities of a, b and c."""

    def fit(self, rows, labels):
        self.classes_ = numpy.unique(labels)
        return self

    def predict_proba(self, rows):
        return numpy.asarray(rows)

    def predict(self, rows):
        return self.classes_[numpy.argmax(rows, axis=1)]


def calibrate(rows, labels):
    teacher = FrozenEstimator(Teacher().fit(rows, labels))
    return CalibratedClassifierCV(teacher, method="temperature").fit(rows, labels)


def answer(calibrated, *rows):
    return [round(float(value), 2) for value in calibrated.predict_proba(list(rows))[0]]


# The teacher says 0.8 and is right in six of ten rows.
sure, unsure = [0.8, 0.1, 0.1], [0.33, 0.33, 0.33]
rows, labels = [sure] * 100, ["a"] * 60 + ["b"] * 20 + ["c"] * 20
calibrated = calibrate(rows, labels)
see("alone", answer(calibrated, sure), [0.6, 0.2, 0.2])
see("next to a row like it", answer(calibrated, sure, sure), [0.6, 0.2, 0.2])
see("next to a rounded row", answer(calibrated, sure, unsure), [0.42, 0.29, 0.29])
powers = numpy.exp(numpy.array([2, 1, 0], dtype=numpy.float16))
halves = (powers / powers.sum()).tolist()
see("next to a row that was computed in 16 bits", answer(calibrated, sure, halves), [0.42, 0.29, 0.29])
calibrated = calibrate([*rows, unsure], [*labels, "a"])
see("alone, one rounded row in fitting", answer(calibrated, sure), [0.93, 0.04, 0.04])
see("next to a rounded row, one in fitting", answer(calibrated, sure, unsure), [0.6, 0.2, 0.2])
PYTHON
