#!/usr/bin/env bash
# A model's folder with two chat templates is one model before its conversion and another one after it.
#
# Seen on 2026-11-29 with gguf 0.19.0, transformers 5.24.0 and tokenizers 0.23.3 (without PyTorch).
# Where chat_template.jinja and the "chat_template" of tokenizer_config.json differ, transformers takes the file and gguf's
# SpecialVocab, which the converters of llama.cpp write templates and special tokens with, the entry. An entry that is null
# is no entry for transformers, and for gguf no template at all. Where config.json and generation_config.json name two ends
# of an answer, gguf takes one: that of the tokenizer's configuration, or none where that names none.
#
# Why it matters: whoever mends a template of a downloaded model puts a new file beside the old entry, and transformers
# evaluates with it. A GGUF file made of that folder gets the questions in the old form; made of one that transformers saved
# again it does not, so a base model and the student that was trained from it are not asked alike.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'gguf==0.19.0' 'transformers==5.24.0' 'tokenizers==0.23.3'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json
import pathlib

from gguf import SpecialVocab
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, GenerationConfig

ENDS = [3, 2]


def model(name, jinja=None, **settings):
    """A folder with a tokenizer of two letters and two ends: </s>, which is 2, and <|im_end|>, which is 3."""
    folder = pathlib.Path(name)
    folder.mkdir()
    tokenizer = Tokenizer(models.BPE(vocab={"a": 0, "b": 1}, merges=[]))
    tokenizer.add_special_tokens(["</s>", "<|im_end|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", **settings}
    for file, content in (
        ("tokenizer_config", settings), ("config", {"model_type": "llama", "eos_token_id": ENDS}),
        ("generation_config", {"eos_token_id": ENDS}),
    ):
        (folder / f"{file}.json").write_text(json.dumps(content))
    if jinja:
        (folder / "chat_template.jinja").write_text(jinja)
    return folder


def templates(folder):
    return AutoTokenizer.from_pretrained(folder).chat_template, SpecialVocab(folder).chat_template


def ends(folder):
    return GenerationConfig.from_pretrained(folder).eos_token_id, SpecialVocab(folder).special_token_ids.get("eos")


see("template of transformers and gguf: entry alone", templates(model("a", chat_template="old")), ("old", "old"))
see("file alone", templates(model("b", "new")), ("new", "new"))
see("both", templates(model("c", "new", chat_template="old")), ("new", "old"))
see("file and an entry that is null", templates(model("d", "new", chat_template=None)), ("new", None))
see("ends of transformers and gguf", ends(model("e", eos_token="</s>")), (ENDS, 2))
see("ends, none in the tokenizer's configuration", ends(model("f")), (ENDS, None))
tokenizer = AutoTokenizer.from_pretrained("c")
tokenizer.save_pretrained("c")
see("both, saved again by transformers", templates(pathlib.Path("c")), ("new", "new"))
PYTHON
