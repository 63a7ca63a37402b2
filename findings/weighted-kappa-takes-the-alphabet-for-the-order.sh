#!/usr/bin/env bash
# Weighted kappa of grades in words takes their alphabetical order for their rank.
#
# Seen on 2026-11-28 with scikit-learn 1.9.1.
# cohen_kappa_score(weights="linear") counts how far apart two grades are. The grades are sorted as texts, so
# low < mid < high is computed as high < low < mid. Only labels=[...] gives the meant order; nothing asks for it.
#
# Why it matters: graded labels (severity, quality) are words in prompts. Agreement of teachers comes out wrong, here
# less than half of what it is, and with other words too high.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'scikit-learn==1.9.1'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from sklearn.metrics import cohen_kappa_score

a, b = ["low", "mid", "high"], ["low", "mid", "mid"]
see("as texts", round(float(cohen_kappa_score(a, b, weights="linear")), 4), 0.25)
ordered = cohen_kappa_score(a, b, weights="linear", labels=["low", "mid", "high"])
see("in the meant order", round(float(ordered), 4), 0.5714)
PYTHON
