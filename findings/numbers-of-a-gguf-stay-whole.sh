#!/usr/bin/env bash
# A GGUF file says how its tokenizer splits numbers, and transformers goes by that for some names and passes over others.
#
# Seen on 2026-11-29 with transformers 5.24.0, tokenizers 0.23.3, gguf 0.19.0 and torch 2.13.0.
# `tokenizer.ggml.pre` names the rule by which a text is cut before byte pairs are merged. transformers knows "qwen2", which
# takes digits one by one, and "llama-bpe", which takes up to three. For "smollm", whose models take digits one by one too, and
# for "deepseek-llm" it makes the tokenizer of GPT-2, which takes numbers whole, without a word.
#
# Why it matters: whoever trains or measures a model of SmolLM from its GGUF file by from_pretrained(gguf_file=...) feeds it
# numbers in tokens that it never saw there, while llama.cpp and the published folder give it digits.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'gguf==0.19.0' 'transformers==5.24.0' 'tokenizers==0.23.3' 'torch==2.13.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import pathlib

import gguf
import numpy
from tokenizers import pre_tokenizers
from transformers import AutoTokenizer


def cut(pre):
    """How a tokenizer with tokens for 12, 123 and 1234 cuts a number, read from a file that names this rule."""
    folder = pathlib.Path(pre)
    folder.mkdir()
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet()) + ["12", "123", "1234", "<|end|>"]
    file = gguf.GGUFWriter(str(folder / "model.gguf"), "llama")
    file.add_context_length(64)
    file.add_embedding_length(8)
    file.add_block_count(0)
    file.add_feed_forward_length(8)
    file.add_head_count(2)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_vocab_size(len(tokens))
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre(pre)
    file.add_token_list(tokens)
    file.add_token_types([1] * (len(tokens) - 1) + [3])
    file.add_token_merges(["1 2", "12 3", "123 4"])
    file.add_bos_token_id(len(tokens) - 1)
    file.add_eos_token_id(len(tokens) - 1)
    file.add_tensor("token_embd.weight", numpy.zeros((len(tokens), 8), numpy.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
    return [tokenizer.decode([token]) for token in tokenizer("1234", add_special_tokens=False)["input_ids"]]


see("qwen2", cut("qwen2"), ["1", "2", "3", "4"])
see("llama-bpe", cut("llama-bpe"), ["123", "4"])
see("gpt-2", cut("gpt-2"), ["1234"])
see("smollm", cut("smollm"), ["1234"])
see("deepseek-llm", cut("deepseek-llm"), ["1234"])
PYTHON
