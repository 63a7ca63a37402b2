#!/usr/bin/env bash
# A transposed or sliced array comes back from a file with other numbers in the same shape.
#
# Seen on 2026-11-28 with safetensors 0.8.0 and numpy 2.2.6.
# safetensors.numpy.save writes the memory that a view begins at, one number after the other, under the shape of the
# view. Loading gives the right shape and the wrong numbers, with no error. numpy.ascontiguousarray before saving is
# right. (The package's function for PyTorch tensors refuses such views.)
#
# Why it matters: weights and features are transposed and cut between frameworks all the time (a projection of [in, out]
# kept as [out, in]). Nothing fails; the student is only worse than it should be.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'safetensors==0.8.0' 'numpy==2.2.6'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import numpy
from safetensors.numpy import load, save

weights = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)


def saved(array):
    return load(save({"w": array}))["w"].tolist()


print("the array:", weights.tolist())
see("its transposed view", weights.T.tolist(), [[0, 3], [1, 4], [2, 5]])
see("the same, saved and loaded", saved(weights.T), [[0, 1], [2, 3], [4, 5]])
see("its last two columns", weights[:, 1:].tolist(), [[1, 2], [4, 5]])
see("the same, saved and loaded", saved(weights[:, 1:]), [[1, 2], [3, 4]])
see("the transposed view made contiguous first", saved(numpy.ascontiguousarray(weights.T)), [[0, 3], [1, 4], [2, 5]])
PYTHON
