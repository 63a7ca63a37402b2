#!/usr/bin/env bash
# A student that repeats itself without end has a perfect ROUGE in one package, and a low one in another.
#
# Seen on 2026-11-30 with rouge 1.0.1 and rouge-score 0.1.2.
# ROUGE counts words and pairs of words that two texts share. rouge counts each different one once (exclusive=True, by
# default), so the answer six times over has precision, recall and F 1 (0.999999995) by ROUGE-1 and ROUGE-L; ROUGE-2 sinks a
# little, by the new pairs at the seams. rouge-score counts them as often as they occur: precision and F sink to 1/6 and
# 2/7. With metrics exclusive=False rouge agrees with it for ROUGE-1.
#
# Why it matters: repeating is how small students fail first. By one of the packages the failing student is as good as the
# reference, and a training that is stopped or chosen by it goes on to repetition; figures of the two packages do not compare.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'rouge==1.0.1' 'rouge-score==0.1.2' 'numpy==2.4.6' 'nltk==3.10.4'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from rouge import Rouge
from rouge_score.rouge_scorer import RougeScorer

reference = "the red light means stop"
answers = {"once": reference, "six times": " ".join([reference] * 6)}


def first(answer, metric, **options):
    scores = Rouge(**options).get_scores(answer, reference)[0][metric]
    return tuple(round(scores[key], 2) for key in "prf")


def second(answer, metric):
    return tuple(round(score, 2) for score in RougeScorer([metric]).score(reference, answer)[metric])


for name, ones in (("once", (1.0, 1.0, 1.0)), ("six times", (0.17, 1.0, 0.29))):
    see(f"rouge, ROUGE-1, {name}", first(answers[name], "rouge-1"), (1.0, 1.0, 1.0))
    see(f"rouge, ROUGE-L, {name}", first(answers[name], "rouge-l"), (1.0, 1.0, 1.0))
    see(f"rouge-score, ROUGE-1, {name}", second(answers[name], "rouge1"), ones)
    see(f"rouge-score, ROUGE-L, {name}", second(answers[name], "rougeL"), ones)
see("rouge, ROUGE-2, six times", first(answers["six times"], "rouge-2"), (0.8, 1.0, 0.89))
see("rouge-score, ROUGE-2, six times", second(answers["six times"], "rouge2"), (0.14, 1.0, 0.24))
inclusive = first(answers["six times"], "rouge-1", exclusive=False)
see("rouge with exclusive=False, ROUGE-1, six times", inclusive, (0.17, 1.0, 0.29))
PYTHON
