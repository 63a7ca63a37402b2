#!/usr/bin/env bash
# The answer "A" is never right where "A" was asked for, and -5 is right where 5 was.
#
# Seen on 2026-11-30 with inspect-ai 0.3.285.
# exact() takes English articles, signs and hyphens off the answer and the target before it compares them. "A", "The" and "-" are
# nothing then, and what is nothing never matches; f1() gives 0 for them. A minus sign is a hyphen (-5 and 5), 1/2 is 12, 3:45 is
# 345, x<5 is x>5, C is C++, "hepatitis A" is "hepatitis". Decimal points stay: 1.5 is not 15. match("exact")
# keeps articles and signs in the middle, and takes those at the ends off: -5 is 5 there too, unless numeric=True.
#
# Why it matters: choices are named A to D, so a student has a quarter of them wrong whatever it says, and one that never says
# A looks best. Of numbers with signs, formulas and grades an exact match is none.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'inspect-ai==0.3.285'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import asyncio

from inspect_ai.model import ChatMessageUser, ModelOutput
from inspect_ai.scorer import Target, exact, f1, match
from inspect_ai.solver import TaskState


def score(scorer, answer, target):
    """C for correct, I for incorrect; of f1 a number."""
    state = TaskState(model="none/none", sample_id=1, epoch=1, input="?", messages=[ChatMessageUser(content="?")],
                      output=ModelOutput.from_content("none/none", answer))
    return asyncio.run(scorer(state, Target(target))).value


for choice, seen, share in (("A", "I", 0.0), ("B", "C", 1.0), ("C", "C", 1.0), ("D", "C", 1.0)):
    see(f"exact, {choice} for {choice}", score(exact(), choice, choice), seen)
    see(f"f1, {choice} for {choice}", score(f1(), choice, choice), share)
    see(f"match, exact, {choice} for {choice}", score(match("exact"), choice, choice), "C")
pairs = [("-5", "5"), ("1/2", "12"), ("3:45", "345"), ("x<5", "x>5"), ("C", "C++"), ("hepatitis A", "hepatitis")]
for answer, target in pairs:
    see(f"exact, {answer} for {target}", score(exact(), answer, target), "C")
    ends = target in ("5", "C++")
    see(f"match, exact, {answer} for {target}", score(match("exact"), answer, target), "C" if ends else "I")
see("match, exact, numeric, -5 for 5", score(match("exact", numeric=True), "-5", "5"), "I")
see("exact, 1.5 for 15", score(exact(), "1.5", "15"), "I")
see("exact, - for -", score(exact(), "-", "-"), "I")
PYTHON
