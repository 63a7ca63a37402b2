#!/usr/bin/env bash
# "irrelevant" is a correct answer where "relevant" is the label, and 123456 where 123461 is the result.
#
# Seen on 2026-11-30 with inspect-ai 0.3.285.
# match() and includes() compare letters, not words: match(), by default, asks whether the answer ends with the target. A label
# that is the end of its own denial is found in it. match(numeric=True) compares numbers by their first five digits, and
# location="exact" does too. location="exact" without numeric=True is right for these labels and for positive whole numbers.
#
# Why it matters: relevant and irrelevant, safe and unsafe, valid and invalid, toxic and nontoxic are the label sets that
# students are trained for. A student that always says the negative one has all items right; large sums, counts and ids are
# right when they are near.
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
from inspect_ai.scorer import Target, includes, match
from inspect_ai.solver import TaskState


def score(scorer, answer, target):
    """C for correct, I for incorrect."""
    state = TaskState(model="none/none", sample_id=1, epoch=1, input="?", messages=[ChatMessageUser(content="?")],
                      output=ModelOutput.from_content("none/none", answer))
    return asyncio.run(scorer(state, Target(target))).value


for answer, target in (("irrelevant", "relevant"), ("unsafe", "safe"), ("invalid", "valid"), ("Nontoxic.", "toxic")):
    see(f"match, {answer!r} for {target!r}", score(match(), answer, target), "C")
    see(f"includes, {answer!r} for {target!r}", score(includes(), answer, target), "C")
    see(f"match, exact, {answer!r} for {target!r}", score(match("exact"), answer, target), "I")
see("match, 'safe' for 'unsafe'", score(match(), "safe", "unsafe"), "I")
for place in ("end", "any", "exact"):
    numbers = match(place, numeric=True)
    see(f"match, {place}, numeric, 123456 for 123461", score(numbers, "123456", "123461"), "C")
    see(f"match, {place}, numeric, 12345678 for 12346421", score(numbers, "12345678", "12346421"), "C")
    see(f"match, {place}, numeric, 12345 for 12346", score(numbers, "12345", "12346"), "I")
see("match, exact, 123456 for 123461", score(match("exact"), "123456", "123461"), "I")
PYTHON
