#!/usr/bin/env bash
# The tensor "trainable_tokens_delta" holds whole rows of the embedding, not what is added to them.
#
# Seen on 2026-11-28 with peft 0.21.2, transformers 5.24.0 and torch 2.13.0.
# An adapter with trainable_token_indices has a tensor ...token_adapter.trainable_tokens_delta. Saved before any
# training it equals the rows of the base model for those tokens; a difference would be zero.
#
# Why it matters: an engine that adds it to the table, as the name says, doubles the rows of exactly those tokens that a
# student was given for its labels.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'torch==2.13.0' 'peft==0.21.2' 'transformers==5.24.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
base = LlamaForCausalLM(LlamaConfig(vocab_size=40, **shape))
rows = base.model.embed_tokens.weight.detach()[[5, 6]].clone()
settings = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules=["q_proj"], trainable_token_indices=[5, 6])
get_peft_model(base, settings).save_pretrained("adapter")
tensors = load_file("adapter/adapter_model.safetensors")
(name,) = [name for name in tensors if "trainable" in name]
see("tensor", (name, tuple(tensors[name].shape)), (
    "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", (2, 16)))
see("untrained: all zero", bool((tensors[name] == 0).all()), False)
see("untrained: the rows of the base model", torch.equal(tensors[name], rows), True)
PYTHON
