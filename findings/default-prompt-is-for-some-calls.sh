#!/usr/bin/env bash
# Three ways to embed one text give two vectors where a model has a default prompt.
#
# Seen on 2026-11-28 with sentence-transformers 6.2.0, transformers 5.24.0 and torch 2.13.0 (a small model with random
# weights that the script makes).
# With default_prompt_name="query", encode and encode_query put the prompt before the text, encode_document does not.
# prompt="" switches it off in encode; prompt_name=None does not.
#
# Why it matters: features kept for a student, nearest examples for a prompt, and near-duplicates between splits are
# computed by whichever call somebody chose; another one gives distances that look plausible.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'torch==2.13.0' 'sentence-transformers==6.2.0' 'transformers==5.24.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import numpy
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizer

torch.manual_seed(0)
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", ":", "the", "gate", "is", "open"]
with open("vocab.txt", "w") as file:
    file.write("\n".join(words))
BertTokenizer("vocab.txt").save_pretrained("bert")
shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
BertModel(BertConfig(vocab_size=len(words), **shape)).save_pretrained("bert")
modules = [Transformer("bert"), Pooling(16)]
model = SentenceTransformer(modules=modules, prompts={"query": "query: "}, default_prompt_name="query")
text = "the gate is open"
plain, asked = model.encode(text, prompt=""), model.encode("query: " + text, prompt="")


def like(vector):
    return "with prompt" if numpy.allclose(vector, asked, atol=1e-5) else (
        "without prompt" if numpy.allclose(vector, plain, atol=1e-5) else "neither")


see("the two vectors are one", bool(numpy.allclose(plain, asked, atol=1e-3)), False)
see("encode", like(model.encode(text)), "with prompt")
see("encode, prompt_name=None", like(model.encode(text, prompt_name=None)), "with prompt")
see("encode_query", like(model.encode_query(text)), "with prompt")
see("encode_document", like(model.encode_document(text)), "without prompt")
PYTHON
