"""Writes sentences.json: small decoders whose rows see both ways, as EmbeddingGemma's do, and the hidden rows that transformers
computes.

    pip install torch==2.13.0 transformers==5.24.0
    python make_sentences.py

Weights are those of make_families.py, at parameters' names.
"""

import json
import os

import torch
import transformers as T
from waves import fill

torch.set_grad_enabled(False)


def rope(theta, **more):
    return dict(rope_type="default", rope_theta=theta) | more


gemma = dict(
    hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1, head_dim=10, vocab_size=12, max_position_embeddings=64,
    query_pre_attn_scalar=7, pad_token_id=0, eos_token_id=1, bos_token_id=2, layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    rope_parameters=dict(full_attention=rope(1000.0, factor=3.0) | dict(rope_type="linear"), sliding_attention=rope(20.0)))
ids = [2, 5, 7, 3, 9, 11, 4, 8, 6, 10, 1]
cases = []
# An even window and an odd one reach as far; transformers halves it when it reads the file.
for window in (2, 4, 5, 40):
    file = dict(gemma, sliding_window=window, use_bidirectional_attention=True, model_type="gemma3_text")
    model = fill(T.Gemma3TextModel(T.Gemma3TextConfig(**file)))
    rows = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    cases.append(dict(name=f"window {window}", config=json.dumps(file), ids=ids, rows=[[round(v, 6) for v in row.tolist()] for row in rows]))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "sentences.json"), "w") as f:
    json.dump(dict(format="sentences", version=1, torch=torch.__version__, transformers=T.__version__, cases=cases), f, indent=0)
    f.write("\n")
