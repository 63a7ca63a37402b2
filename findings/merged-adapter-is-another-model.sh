#!/usr/bin/env bash
# An adapter on the head of a tied model computes one thing, the model that it is merged into another.
#
# Seen on 2026-11-28 with peft 0.21.2, transformers 5.24.0 and torch 2.13.0.
# Head and embedding of a tied model are one tensor. LoRA on lm_head changes the head alone while it is an adapter;
# after merge_and_unload the one tensor holds the change, so the embedding has it too. PEFT warns and suggests
# ensure_weight_tying=True; with it merging still changes what the model computes. modules_to_save=["lm_head"] unties
# the model on merging and is right.
#
# Why it matters: students are small, small models are tied, and what is evaluated (the adapter) is not what is shipped
# (the merge).
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


import warnings

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

warnings.simplefilter("ignore")
prompt = torch.tensor([[1, 5, 6, 7]])


def compare(**settings):
    torch.manual_seed(0)
    shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    base = LlamaForCausalLM(LlamaConfig(vocab_size=40, tie_word_embeddings=True, **shape)).eval()
    adapted = get_peft_model(base, LoraConfig(r=2, task_type="CAUSAL_LM", **settings)).eval()
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn_like(parameter)
        before = adapted(prompt).logits
        merged = adapted.merge_and_unload().eval()
        after = merged(prompt).logits
    tied = merged.lm_head.weight.data_ptr() == merged.model.embed_tokens.weight.data_ptr()
    change = (after - before).abs().max().item()
    print(f"  largest logit before {before.abs().max():.2f}, largest change by merging {change:.2g}")
    return change < 1e-4, tied


see("q_proj: (merging keeps the logits, tied)", compare(target_modules=["q_proj"]), (True, True))
see("lm_head", compare(target_modules=["lm_head"]), (False, True))
see("lm_head, ensure_weight_tying", compare(target_modules=["lm_head"], ensure_weight_tying=True), (False, True))
kept = compare(target_modules=["q_proj"], modules_to_save=["lm_head"])
see("lm_head in modules_to_save", kept, (True, False))
PYTHON
