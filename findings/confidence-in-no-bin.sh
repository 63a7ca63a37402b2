#!/usr/bin/env bash
# A teacher that says 0.8 and is always wrong has no calibration error: 0.8 lies in none of 15 bins.
#
# Seen on 2026-11-30 with pycalib 0.1.0.dev6, uncertainty-calibration 0.1.4, scikit-learn 1.9.1 and numpy 1.26.4.
# pycalib's ECE has 15 bins by default. It computes the upper bound of each bin and takes the width off for the lower one;
# rounding makes the lower bound of one bin a little more than the upper bound of the bin before. 0.4 and 0.8 fall into the
# gaps and count as rows without any error. With 5, 10 and 20 bins no multiple of 0.05 above 0.5 is lost.
# uncertainty-calibration, with 15 bins too, gives 0.8.
#
# Why it matters: confidences that teachers say, and those of votes, are round: 0.8 is among the most frequent ones. A teacher
# that says it often looks calibrated, and a change of its threshold changes nothing that can be seen.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'pycalib==0.1.0.dev6' 'uncertainty-calibration==0.1.4' 'scikit-learn==1.9.1' 'numpy==1.26.4'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import calibration
import numpy
from pycalib.metrics import conf_ECE


def rows(*confidences):
    """The teacher answers b with each confidence; a is right every time."""
    chances = numpy.array([[1 - confidence, confidence] for confidence in confidences])
    return numpy.zeros(len(confidences), dtype=int), chances


def pycalib(*confidences, **options):
    return round(float(conf_ECE(*rows(*confidences), **options)), 2)


def other(*confidences):
    labels, chances = rows(*confidences)
    return round(float(calibration.get_ece(chances, labels)), 2)


see("ten times wrong with 0.7, pycalib", pycalib(*[0.7] * 10), 0.7)
see("ten times wrong with 0.8, pycalib", pycalib(*[0.8] * 10), 0.0)
see("ten times wrong with 0.81, pycalib", pycalib(*[0.81] * 10), 0.81)
see("ten times wrong with 0.8, uncertainty-calibration", other(*[0.8] * 10), 0.8)
mixed = [0.8] * 9 + [0.9]
see("nine times with 0.8, once with 0.9, pycalib", pycalib(*mixed), 0.09)
see("nine times with 0.8, once with 0.9, uncertainty-calibration", other(*mixed), 0.81)
lost = [step / 20 for step in range(11, 21) if pycalib(step / 20) == 0]
see("multiples of 0.05 above 0.5 without an error, 15 bins", lost, [0.8])
for bins in (5, 10, 20):
    lost = [step / 20 for step in range(11, 21) if pycalib(step / 20, bins=bins) == 0]
    see(f"multiples of 0.05 above 0.5 without an error, {bins} bins", lost, [])
three = numpy.array([[0.3, 0.3, 0.4]] * 10)
see("ten times wrong with 0.4 among three, pycalib", float(conf_ECE(numpy.zeros(10, dtype=int), three)), 0.0)
PYTHON
