#!/usr/bin/env bash
# modules_to_save=["norm"] trains and saves every norm of the model, and target_modules=["proj"] adapts no layer.
#
# Seen on 2026-11-30 with peft 0.21.2, transformers 5.24.0 and torch 2.13.0.
# Both are names of modules. One of target_modules has to be the whole last part of a layer's name, or several parts with their
# dots. One of modules_to_save has to be the end of a name, wherever it begins: "norm" is the model's last norm, and also
# "input_layernorm" and "post_attention_layernorm" of every layer; "model.norm" is the last one alone. The documentation calls
# modules_to_save a list of modules, and says of target_modules that a name may end with one of the texts.
#
# Why it matters: a student that was to keep all but one small tensor of its base has a copy of all norms, is another one than
# its configuration reads like, and an engine that goes by whole names misses most of what was trained.
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


from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

shape = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)


def adapted(**settings):
    base = LlamaForCausalLM(LlamaConfig(vocab_size=40, **shape))
    return get_peft_model(base, LoraConfig(r=2, task_type="CAUSAL_LM", **settings))


def whole(name):
    """The tensors that stand whole in the adapter's file."""
    adapted(target_modules=["q_proj"], modules_to_save=[name]).save_pretrained("adapter")
    names = load_file("adapter/adapter_model.safetensors")
    return sorted(name.removeprefix("base_model.model.") for name in names if "lora" not in name)


layers = [f"model.layers.{layer}.{norm}.weight" for layer in (0, 1) for norm in
          ("input_layernorm", "post_attention_layernorm")]
see("modules_to_save norm", whole("norm"), [*layers, "model.norm.weight"])
see("modules_to_save attention_layernorm", whole("attention_layernorm"), [layers[1], layers[3]])
see("modules_to_save model.norm", whole("model.norm"), ["model.norm.weight"])
try:
    adapted(target_modules=["proj"])
    error = None
except ValueError as fault:
    error = "not found in the base model" in str(fault)
see("target_modules proj, refused", error, True)
see("target_modules q_proj, layers", len([1 for name, _ in adapted(target_modules=["q_proj"]).named_modules()
                                          if name.endswith("q_proj")]), 2)
PYTHON
