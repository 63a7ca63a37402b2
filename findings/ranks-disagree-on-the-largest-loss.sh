#!/usr/bin/env bash
# After one Allreduce with MAX the ranks hold different values, where one of those that went in is not a number.
#
# Seen on 2026-11-29 with mpi4py 4.1.2 and mpich 5.0.2.
# Each rank gives one double, and one of them is NaN. Each rank compares what it got with what it has, and which of the two
# a comparison with NaN leaves depends on the side it stands on. Of two ranks one has the number and the other NaN. Of four
# ranks that give 1, 2, NaN and 4 one has NaN, one 2 and two 4, so that a rank may have neither the NaN nor the largest
# number. MIN does the same. With eight values in a row the ranks agree, on the number in one half of the row and on NaN in
# the other. SUM gives NaN everywhere.
#
# Why it matters: after an Allreduce all ranks are taken to hold the same value, and stop, go on or skip a step by it. The
# largest loss, or norm of a gradient, is NaN in exactly the step that they should all leave; here some leave and the others
# wait for them.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'mpi4py==4.1.2' 'mpich==5.0.2'
cd "$folder"
cat > rank.py <<'PYTHON'
import json
import sys
from array import array

from mpi4py import MPI

world = MPI.COMM_WORLD
values = json.loads(sys.argv[1])
mine = array("d", [values[world.rank]] * int(sys.argv[3]))
result = array("d", mine)
world.Allreduce(mine, result, getattr(MPI, sys.argv[2]))
rows = world.gather(result.tolist(), 0)
if world.rank == 0:
    print(json.dumps(rows))
PYTHON
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json
import subprocess

nan = float("nan")


def reduce(operation, *values, count=1):
    """What each rank has at the end."""
    command = ["venv/bin/mpiexec", "-n", str(len(values)), "venv/bin/python", "rank.py", json.dumps(values), operation]
    output = subprocess.run([*command, str(count)], check=True, capture_output=True, text=True, timeout=120).stdout
    return [" ".join("NaN" if value != value else f"{value:g}" for value in row) for row in json.loads(output)]


see("largest of NaN and 2", reduce("MAX", nan, 2), ["2", "NaN"])
see("largest of 1 and NaN", reduce("MAX", 1, nan), ["NaN", "1"])
see("largest of 1, 2, NaN and 4", reduce("MAX", 1, 2, nan, 4), ["4", "NaN", "4", "2"])
see("smallest of NaN, 2, 3 and 4", reduce("MIN", nan, 2, 3, 4), ["2", "3", "2", "NaN"])
see("largest of 1, 2, 3 and 4", reduce("MAX", 1, 2, 3, 4), ["4"] * 4)
see("sum of 1, 2, NaN and 4", reduce("SUM", 1, 2, nan, 4), ["NaN"] * 4)
row = "2 2 2 2 NaN NaN NaN NaN"
see("largest of NaN and 2, eight times", reduce("MAX", nan, 2, count=8), [row, row])
PYTHON
