"""Writes random tag sequences with what seqeval (strict mode, IOB2) scores them: make-seqeval.py COUNT > seqeval.json

Needs: pip install seqeval. The committed file has COUNT 300; the figure in the documentation was taken with 10000.
"""
import json
import random
import sys
import warnings

from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

warnings.filterwarnings("ignore")
random.seed(6)
TAGS = ["O", "O"] + [p + "-" + t for p in "BI" for t in ["cause", "effect", "x"]]


def sequence(length):
    tags = []
    for _ in range(length):
        # Half of the time something that goes on properly, so that there are entities of every length.
        if tags and tags[-1] != "O" and random.random() < 0.5:
            tags.append("I-" + tags[-1][2:])
        else:
            tags.append(random.choice(TAGS))
    return tags


cases = []
for _ in range(int(sys.argv[1]) // 10):
    gold = [sequence(random.randint(1, 14)) for _ in range(10)]
    answered = [[t if random.random() < 0.7 else random.choice(TAGS) for t in g] for g in gold]
    report = classification_report(gold, answered, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    cases.append({
        "gold": [" ".join(t) for t in gold], "answered": [" ".join(t) for t in answered],
        "micro": report["micro avg"]["f1-score"], "macro": report["macro avg"]["f1-score"],
    })
json.dump(cases, sys.stdout, separators=(",", ":"))
print()
