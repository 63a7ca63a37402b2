#!/usr/bin/env bash
# A text of 30 tokens is cut in the middle of its sixth word, although 30 tokens are allowed.
#
# Seen on 2026-11-30 with model2vec 0.10.0, tokenizers 0.23.3 and numpy 2.4.6.
# "max_length" is in tokens, by the documentation. Before any token is made the text is cut by letters, at max_length times the
# middle length of the tokens of the vocabulary. Long words, and spaces, of which no token is made, use that up: a word that was
# cut apart is another token, and a table that is padded with spaces loses its end. max_length=None is right.
#
# Why it matters: these models are students that were distilled from sentence encoders, and give features, nearest examples
# and near-duplicates. Texts that differ in their ends alone get the same vector, and are removed as duplicates of each other.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'model2vec==0.10.0' 'tokenizers==0.23.3' 'numpy==2.4.6'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import numpy
from model2vec import StaticModel
from tokenizers import Tokenizer, models, pre_tokenizers

words = ["[UNK]", "a", "on", "ext", "or", "in", "extraordinarily", "good", "bad"]
tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
# Each token is a direction of its own, so the vector of a text tells the shares of its tokens.
model = StaticModel(numpy.eye(len(words), dtype=numpy.float32), tokenizer, normalize=False)


def tokens(text, limit):
    """The tokens that a text's vector is made of, and how often each occurs."""
    vector = model.encode([text], max_length=limit)[0]
    least = min([share for share in vector if share > 0], default=1)
    return {word: round(float(share / least)) for word, share in zip(words, vector) if share > 0}


see("middle length of a token", model.median_token_length, 3)
text = " ".join(["extraordinarily"] * 29 + ["good"])
see("tokens of the text", len(tokenizer.encode(text).ids), 30)
see("read without a limit", tokens(text, None), {"extraordinarily": 29, "good": 1})
see("read with a limit of 30 tokens", tokens(text, 30), {"extraordinarily": 1})
other = text.replace("good", "bad")
one, two = model.encode([text, other], max_length=30)
see("same vector as the text that ends with bad", bool((one == two).all()), True)
see("or extraordinarily with a limit of 2 tokens", tokens("or extraordinarily", 2), {"ext": 1, "or": 1})
row = "a".ljust(1600) + "good"
see("a cell padded with spaces, its tokens", len(tokenizer.encode(row).ids), 2)
see("the cell with the limit of 512 tokens", tokens(row, 512), {"a": 1})
PYTHON
