#!/usr/bin/env bash
# An adapter is eight times weaker in one layer once it was saved and loaded, or can't be loaded at all.
#
# Seen on 2026-11-30 with peft 0.21.2, transformers 5.24.0 and torch 2.13.0.
# Of the keys of alpha_pattern and of rank_pattern the first one that matches a layer counts, in the order in which they were
# given. adapter_config.json has them in the order of the alphabet, so that another one may be the first after loading:
# {"q_proj": 16, "layers.0.self_attn.q_proj": 2} with a rank of 4 gives the q_proj of layer 0 a factor of 4 in training and of
# 0.5 in use, without a word. The same in rank_pattern: that layer has a rank of 16, is looked for with one of 2, and loading
# fails. The documentation calls them mappings from names of layers or regular expressions, and says nothing of an order.
#
# Why it matters: a general key before a special one is how exceptions are written in some files, and behind it in others. The
# student is scored at the end of its training and served from its file, and these are two models.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'torch==2.13.0' 'peft==0.21.2' 'transformers==5.24.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
LlamaForCausalLM(LlamaConfig(vocab_size=40, initializer_range=0.3, **shape)).save_pretrained("base")
ids = torch.tensor([[1, 2, 3, 4]])


def base():
    return LlamaForCausalLM.from_pretrained("base")


def factors(model):
    """What the product of the two matrices is multiplied by, in the q_proj of each layer."""
    return [layer.self_attn.q_proj.scaling["default"] for layer in model.base_model.model.model.layers]


def trained(**patterns):
    settings = LoraConfig(r=4, lora_alpha=4, task_type="CAUSAL_LM", target_modules=["q_proj"], init_lora_weights=False)
    for name, pattern in patterns.items():
        setattr(settings, name, pattern)
    model = get_peft_model(base(), settings).eval()
    model.save_pretrained("adapter")
    return model


def saved(name):
    return list(json.load(open("adapter/adapter_config.json"))[name])


general_first = {"q_proj": 16, "layers.0.self_attn.q_proj": 2}
special_first = dict(reversed(general_first.items()))

model = trained(alpha_pattern=general_first)
see("keys as saved", saved("alpha_pattern"), ["layers.0.self_attn.q_proj", "q_proj"])
loaded = PeftModel.from_pretrained(base(), "adapter").eval()
see("alpha_pattern, factors when trained", factors(model), [4.0, 4.0])
see("alpha_pattern, factors when loaded", factors(loaded), [0.5, 4.0])
see("alpha_pattern, the same logits", torch.allclose(model(ids).logits, loaded(ids).logits, atol=1e-2), False)

model = trained(alpha_pattern=special_first)
loaded = PeftModel.from_pretrained(base(), "adapter").eval()
see("special key first, factors when trained and loaded", (factors(model), factors(loaded)), ([0.5, 4.0], [0.5, 4.0]))
see("special key first, the same logits", torch.allclose(model(ids).logits, loaded(ids).logits, atol=1e-6), True)

trained(rank_pattern=general_first)
try:
    PeftModel.from_pretrained(base(), "adapter")
    error = None
except RuntimeError as fault:
    error = "size mismatch" in str(fault)
see("rank_pattern, loading fails for sizes", error, True)
PYTHON
