#!/usr/bin/env bash
# A classifier that is trained on a teacher's probabilities learns each class for itself, and is marked so for good.
#
# Seen on 2026-11-29 with transformers 5.24.0 and torch 2.13.0 (a small BERT with random weights that the script makes).
# Labels of ...ForSequenceClassification that are rows of floating-point numbers are taken for several labels at once: the
# loss is binary cross-entropy per class, where the class indices of the same data get cross-entropy. Nothing warns. Trained
# until it fits, the student gives the teacher's 0.8, 0.15, 0.05 by the sigmoid and 0.95, 0.04, 0.01 by the softmax. The
# first batch writes problem_type into the configuration: it is saved with the weights, a pipeline then applies the sigmoid,
# and class indices are refused with an error.
#
# Why it matters: these rows are what a student is distilled from. Its scores do not add up to 1, or are surer than the
# teacher if somebody applies the usual softmax, so calibration and thresholds are off by the choice of the reader.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'torch==2.13.0' 'transformers==5.24.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import torch
from tokenizers import Tokenizer, models
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline

torch.manual_seed(0)
shape = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=4)
student = BertForSequenceClassification(BertConfig(num_labels=3, **shape)).eval()
texts = torch.tensor([[0], [1]])
teacher = torch.tensor([[0.8, 0.15, 0.05], [0.2, 0.5, 0.3]])
see("kind of problem", student.config.problem_type, None)
result = student(input_ids=texts, labels=teacher)
losses = cross_entropy(result.logits, teacher), binary_cross_entropy_with_logits(result.logits, teacher)
equal = [bool(torch.isclose(result.loss, loss)) for loss in losses]
see("the loss is cross-entropy, binary cross-entropy", equal, [False, True])
see("kind of problem after one batch", student.config.problem_type, "multi_label_classification")
optimizer = torch.optim.Adam(student.parameters(), 0.01)
for _ in range(500):
    optimizer.zero_grad()
    student(input_ids=texts, labels=teacher).loss.backward()
    optimizer.step()


def rounded(values):
    return [round(float(value), 2) for value in values]


logits = student(input_ids=texts).logits[0]
see("trained, by sigmoid", rounded(logits.sigmoid()), [0.8, 0.15, 0.05])
see("trained, by softmax", rounded(logits.softmax(-1)), [0.95, 0.04, 0.01])
student.save_pretrained("student")
loaded = BertForSequenceClassification.from_pretrained("student")
words = Tokenizer(models.WordLevel({"good": 0, "bad": 1}, unk_token="good"))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words)
(scores,) = pipeline("text-classification", model=loaded, tokenizer=tokenizer, top_k=None)("bad")
see("another text, by the pipeline", rounded(score["score"] for score in scores), [0.5, 0.3, 0.2])
try:
    loaded(input_ids=texts, labels=torch.tensor([0, 1]))
    refused = False
except ValueError:
    refused = True
see("class indices are refused", refused, True)
fresh = BertForSequenceClassification(BertConfig(num_labels=3, **shape))
fresh(input_ids=texts, labels=torch.tensor([0, 1]))
see("kind of problem after class indices", fresh.config.problem_type, "single_label_classification")
PYTHON
