#!/usr/bin/env bash
# With byte_fallback, a token can have a place behind the end of the text.
#
# Seen on 2026-11-29 with tokenizers 0.23.3.
# A BPE model with byte_fallback spells what it has no token for in bytes. With a continuing_subword_prefix or an
# end_of_word_suffix the bytes of the affix become tokens too, and each of them is counted as a character of the text: in "aé",
# which has two characters, tokens have the places (3, 4) and (4, 5), with a suffix up to (6, 7).
#
# Why it matters: a teacher's or student's spans are cut out of the text by the places of their tokens. text[3:5] is the empty
# text in Python, without an error, so that a marked word is lost; elsewhere it is a read behind the text.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'tokenizers==0.23.3'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from tokenizers import Tokenizer
from tokenizers.models import BPE

vocabulary = {"<unk>": 0, "a": 1} | {f"<0x{byte:02X}>": byte + 2 for byte in range(256)}


def places(**affix):
    model = BPE(vocab=vocabulary, merges=[], byte_fallback=True, unk_token="<unk>", **affix)
    return Tokenizer(model).encode("aé").offsets


see("without an affix", places(), [(0, 1), (1, 2), (1, 2)])
see("with a prefix", places(continuing_subword_prefix="##"), [(0, 1), (1, 2), (1, 2), (3, 4), (4, 5)])
see("with a suffix", places(end_of_word_suffix="</w>"), [
    (0, 1), (1, 2), (1, 2), (3, 4), (4, 5), (5, 6), (6, 7)])
PYTHON
