"""Writes model_types.json: the config.json that transformers writes for each of many model types, one a line.

    pip install torch==2.13.0 transformers==5.24.0
    python make_model_types.py
"""

import json
import os

import transformers as T

TYPES = """llama mistral qwen2 qwen3 smollm3 qwen2_vl llava_next idefics3 smolvlm bert roberta xlm-roberta
gemma gemma2 gemma3_text gemma3 gemma4_text phi phi3 granite granitemoe cohere cohere2 olmo olmo2 mixtral ministral
mistral3 qwen2_moe qwen3_moe qwen3_5_text qwen2_5_vl qwen3_vl llava llava_onevision internvl mllama paligemma llama4_text
deepseek_v3 gpt2 gpt_neox falcon stablelm starcoder2 glm4 lfm2 helium nemotron apertus arcee seed_oss
modernbert distilbert electra camembert deberta-v2 mpnet albert eurobert""".split()
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "depth")


def shortened(config):
    """Lists of one value a layer cut to three, since defaults have dozens of layers."""
    if isinstance(config, dict):
        return {k: 3 if k in LAYERS and isinstance(v, int) else shortened(v[:3] if isinstance(v, list) and len(v) > 8 else v) for k, v in config.items()}
    return config


configurations = {}
for kind in TYPES:
    config = T.AutoConfig.for_model(kind)
    configurations[kind] = shortened(json.loads(config.to_json_string(use_diff=True)))
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "model_types.json"), "w") as file:
    head = dict(format="model types", version=1, transformers=T.__version__)
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in configurations.items())
    file.write(json.dumps(head)[:-1] + ', "configurations": {\n' + lines + "\n}}\n")
