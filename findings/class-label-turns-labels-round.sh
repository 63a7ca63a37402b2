#!/usr/bin/env bash
# Labels "1" and "0" change places when the column was read as numbers.
#
# Seen on 2026-11-28 with datasets 5.2.0.
# With ClassLabel(names=["1", "0"]) a text is looked up among the names, so "1" is class 0; a number is taken for the
# class itself, so 1 is class 1, whose name is "0". A text that is no name and reads as a number ("01") is a class too.
# class_encode_column sorts numbers as texts: 1, 10, 2.
#
# Why it matters: a table's reader decides whether a label is "1" or 1. All labels are turned round, the loss goes down
# as before, and only an evaluation against other data shows it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'datasets==5.2.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from datasets import ClassLabel, Dataset, disable_progress_bars

disable_progress_bars()
names = ClassLabel(names=["1", "0"])


def cast(labels):
    column = Dataset.from_dict({"label": labels}).cast_column("label", names)["label"][:]
    return [names.int2str(value) for value in column]


see("texts 1, 0, 1 are", cast(["1", "0", "1"]), ["1", "0", "1"])
see("numbers 1, 0, 1 are", cast([1, 0, 1]), ["0", "1", "0"])
see("class of the text '01'", names.str2int("01"), 1)
encoded = Dataset.from_dict({"label": [1, 2, 10, 2]}).class_encode_column("label")
see("class_encode_column of 1, 2, 10, 2", (encoded.features["label"].names, encoded["label"][:]),
    (["1", "10", "2"], [0, 2, 1, 2]))
PYTHON
