#!/usr/bin/env bash
# One model that lost every comparison, and all models of the ranking are equal.
#
# Seen on 2026-11-30 with evalica 0.4.2 and choix 0.4.1.
# a beats b in 7 of 10 comparisons, and both beat c each time. evalica's bradley_terry gives the three the same score,
# without an error or a warning; with a single victory of c they are in order, and without c too. newman of the same package has
# the order, but where a beats b and b beats c every time it puts c above b. choix's ilsr_pairwise raises an error for such
# data unless it is regularized (alpha=0.01), and is in order then.
#
# Why it matters: a weak student or a small base model is often compared along with others and loses everything, most of all
# where comparisons are few. The ranking that is to choose between the good ones then says nothing, or what comes first in the
# table is taken for the best.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'evalica==0.4.2' 'choix==0.4.1' 'numpy==2.4.6' 'pandas==2.3.3' 'scipy==1.17.1'
cd "$folder"
"$folder/venv/bin/python" -W error - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import choix
from evalica import Winner, bradley_terry, newman


def rank(method, *results):
    """Names in the order of their scores; equal ones share a place."""
    games = [(left, right, winner) for left, right, wins, losses in results
             for winner in [Winner.X] * wins + [Winner.Y] * losses]
    scores = dict(method(*map(list, zip(*games))).scores)
    levels = sorted({round(float(score), 9) for score in scores.values()}, reverse=True)
    return ["".join(sorted(name for name in scores if round(float(scores[name]), 9) == level)) for level in levels]


pair = ("a", "b", 7, 3)
see("a and b, Bradley-Terry", rank(bradley_terry, pair), ["a", "b"])
see("and c, that always loses, Bradley-Terry", rank(bradley_terry, pair, ("a", "c", 10, 0), ("b", "c", 10, 0)), ["abc"])
see("and c, that won once, Bradley-Terry", rank(bradley_terry, pair, ("a", "c", 10, 1), ("b", "c", 10, 0)), ["a", "b", "c"])
see("and c, that always loses, Newman", rank(newman, pair, ("a", "c", 10, 0), ("b", "c", 10, 0)), ["a", "b", "c"])
steps = ("a", "b", 1, 0), ("b", "c", 1, 0), ("a", "c", 1, 0)
see("a over b over c, once each, Bradley-Terry", rank(bradley_terry, *steps), ["abc"])
see("a over b over c, once each, Newman", rank(newman, *steps), ["ac", "b"])

games = [(0, 1)] * 7 + [(1, 0)] * 3 + [(0, 2)] * 10 + [(1, 2)] * 10
try:
    choix.ilsr_pairwise(3, games)
    raise SystemExit("This has changed. It was an error.")
except ValueError as error:
    print(f"choix: {error}")
scores = choix.ilsr_pairwise(3, games, alpha=0.01)
see("choix, regularized, from the best", [int(name) for name in scores.argsort()[::-1]], [0, 1, 2])
PYTHON
