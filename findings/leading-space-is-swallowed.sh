#!/usr/bin/env bash
# A folder with a SentencePiece file alone gives, in transformers, the same tokens for a text with a space before it and without
# one; SentencePiece gives a token more. And no token for the beginning of a text stands before either.
#
# Seen on 2026-11-30 with transformers 5.24.0, tokenizers 0.23.3 and sentencepiece 0.2.3.
# SentencePiece puts a space of its own before every text, so a text that begins with one begins with two. AutoTokenizer, which
# makes a tokenizer of its own from tokenizer.model, takes the text's first space (and a first U+2581) for that one. Of two spaces
# one is lost. `<s>` is put before a text only where tokenizer_config.json says "add_bos_token": true. The model has Llama 2's
# settings: no normalization, spaces kept, bytes for what is in no piece.
#
# Why it matters: prompts are put together from pieces, and answers of students begin with a space. A student that was trained on
# the ids of one of the two programs and is asked by the other sees other tokens at the seam, and no error says so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'transformers==5.24.0' 'tokenizers==0.23.3' 'sentencepiece==0.2.3' 'protobuf==7.36.2'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}", flush=True)
    if seen != expected:
        print(f"This has changed. It was {expected!r}.", flush=True)
        raise SystemExit(1)


import json
import pathlib

import sentencepiece
from transformers import AutoTokenizer

words = ["harbour", "bridge", "engine", "letter", "window"]
pathlib.Path("corpus.txt").write_text(
    "".join(f"the {a} of the {b} near the {c}\n" for a in words for b in words for c in words))
sentencepiece.SentencePieceTrainer.train(
    input="corpus.txt", model_prefix="plain", vocab_size=310, model_type="bpe", byte_fallback=True, minloglevel=2,
    normalization_rule_name="identity", remove_extra_whitespaces=False)
published = sentencepiece.SentencePieceProcessor(model_file="plain.model")


def made(settings):
    folder = pathlib.Path(f"folder{len(settings)}")
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(pathlib.Path("plain.model").read_bytes())
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"} | settings))
    return AutoTokenizer.from_pretrained(folder)


tokenizer = made({})
plain = published.encode("bridge", out_type=str)
see("sentencepiece, a space more is a token more", published.encode(" bridge", out_type=str) == ["▁"] + plain, True)
see("sentencepiece, U+2581 too", published.encode("▁bridge", out_type=str) == ["▁"] + plain, True)
see("transformers, the plain text", tokenizer.tokenize("bridge") == plain, True)
see("transformers, with a space", tokenizer.tokenize(" bridge") == plain, True)
see("transformers, with U+2581", tokenizer.tokenize("▁bridge") == plain, True)
see("transformers, with two spaces", tokenizer.tokenize("  bridge") == ["▁"] + plain, True)
see("transformers, <s> before the text", tokenizer("bridge")["input_ids"][0] == published.bos_id(), False)
see("the same with add_bos_token", made({"add_bos_token": True})("bridge")["input_ids"][0] == published.bos_id(), True)
PYTHON
