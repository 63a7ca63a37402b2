#!/usr/bin/env bash
# The average of equal adapters is as strong as all of them together, as strong as one, or a fraction of one.
#
# Seen on 2026-11-29 with peft 0.21.2, transformers 5.24.0 and torch 2.13.0.
# add_weighted_adapter on n copies of one LoRA adapter, each with the weight 1/n. With "cat" and "svd" the result is the
# adapter itself. "linear", "dare_linear" and "magnitude_prune" give n times what it adds to the model, "ties" and
# "dare_ties" an nth of it (nothing was pruned, density=1). "linear" weighs the two factors by the root of the weight and
# adds up each, so that the adapters are multiplied with one another; "ties" divides by the number of adapters besides. The
# documentation calls "linear" a rough approximation.
#
# Why it matters: students of several seeds, teachers or shards of data are averaged into one. They are alike, so the
# average is off by their number: four of them are four times or a quarter as strong, and a comparison of the methods
# compares that.
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


import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
settings = LoraConfig(r=2, lora_alpha=4, task_type="CAUSAL_LM", target_modules=["q_proj"], init_lora_weights=False)
pruning = ("dare_linear", "magnitude_prune", "ties", "dare_ties")


def strength(count, method, weight=None):
    """What the average adds to a layer, as a multiple of what each of its equal adapters adds."""
    names = [f"student{number}" for number in range(count)]
    model = get_peft_model(LlamaForCausalLM(LlamaConfig(vocab_size=40, **shape)), settings, adapter_name=names[0])
    layer = model.base_model.model.model.layers[0].self_attn.q_proj
    for name in names[1:]:
        model.add_adapter(name, settings)
        for factor in (layer.lora_A, layer.lora_B):
            factor[name].load_state_dict(factor[names[0]].state_dict())
    weights = [weight or 1 / count] * count
    density = 1.0 if method in pruning else None
    model.add_weighted_adapter(names, weights, "average", combination_type=method, density=density)
    one, average = (layer.get_delta_weight(name) for name in (names[0], "average"))
    multiple = (average.norm() / one.norm()).item()
    assert torch.allclose(average, multiple * one, atol=1e-5)
    return round(multiple, 3)


for method in ("cat", "svd"):
    see(f"{method} of 1, 2 and 4", [strength(count, method) for count in (1, 2, 4)], [1.0, 1.0, 1.0])
for method in ("linear", "dare_linear", "magnitude_prune"):
    see(f"{method} of 1, 2 and 4", [strength(count, method) for count in (1, 2, 4)], [1.0, 2.0, 4.0])
for method in ("ties", "dare_ties"):
    see(f"{method} of 1, 2 and 4", [strength(count, method) for count in (1, 2, 4)], [1.0, 0.5, 0.25])
see("linear of 2 with weights of 1", strength(2, "linear", 1.0), 4.0)
see("ties of 2 with weights of 1", strength(2, "ties", 1.0), 1.0)
PYTHON
