#!/usr/bin/env bash
# A tab is a space for SentencePiece and an unknown character for another reader of the same file.
#
# Seen on 2026-11-30 with kitoken 0.11.1 and sentencepiece 0.2.3 (two small models that the script trains).
# A model file of SentencePiece says how a text is normalized, by default that tabs, ends of lines and wide spaces become spaces,
# and several of them one. kitoken reads the file and does so, but for tabs: a tab is the token for what is unknown, and
# the word behind it is cut into other tokens than behind a space. Nothing is said in loading.
#
# Why it matters: rows of a table, and text that was copied out of one, have tabs. A student that was trained on
# SentencePiece's tokens and is served with the other reader sees unknown tokens between the cells.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'kitoken==0.11.1' 'sentencepiece==0.2.3'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from kitoken import Kitoken
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

with open("texts.txt", "w") as file:
    file.write("good film and bad film\nbad plot and good plot\ngood day and bad day\n" * 20)
for kind in ("unigram", "bpe"):
    SentencePieceTrainer.train(input="texts.txt", model_prefix=kind, model_type=kind, vocab_size=40, minloglevel=2,
                               hard_vocab_limit=False)
    first = SentencePieceProcessor(model_file=f"{kind}.model")
    second = Kitoken.from_file(f"{kind}.model")
    wanted = first.encode("good film")
    spaces = {"a space": " ", "two spaces": "  ", "an end of line": "\n", "a wide space": "\u3000", "no-break space": "\u00a0",
              "a tab": "\t"}
    for name, space in spaces.items():
        text = f"good{space}film"
        see(f"{kind}, {name}, SentencePiece makes the tokens of a space", first.encode(text) == wanted, True)
        see(f"{kind}, {name}, kitoken makes the tokens of a space", list(second.encode(text, False)) == wanted, space != "\t")
    see(f"{kind}, a tab, unknown tokens of kitoken", list(second.encode("good\tfilm", False)).count(first.unk_id()), 1)
    row = list(second.encode("good\tbad\tgood", False))
    see(f"{kind}, a row of three cells, unknown tokens of kitoken", row.count(first.unk_id()), 2)
PYTHON
