#!/usr/bin/env bash
# One number among the labels of a JSON Lines file, and the texts of the column become numbers, booleans and nothing.
#
# Seen on 2026-11-28 with datasets 5.2.0.
# A column that holds texts and other types is loaded as the type Json, which parses each text that happens to be JSON:
# "01" is 1, "true" is True, "null" and "NaN" are missing. Without the one number all of them stay texts. A column of
# texts that all look like dates becomes one of timestamps.
#
# Why it matters: answers "1", "01", "null" and "true" are labels like others. One annotator's tool that writes 1 for
# "1" changes the labels of all rows, and ids that are dates match nothing any more.
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


import json

import datasets

datasets.disable_progress_bars()


def load(name, values):
    with open(f"{name}.jsonl", "w") as file:
        file.writelines(json.dumps({"label": value}) + "\n" for value in values)
    return datasets.load_dataset("json", data_files=f"{name}.jsonl", split="train")["label"][:]


texts = ["1", "01", "true", "null", "NaN", "yes"]
see("texts alone", load("texts", texts), texts)
see("the same texts after a number", load("mixed", [1, *texts]), [1, 1, 1, True, None, None, "yes"])
see("texts that look like dates", [str(x) for x in load("dates", ["2026-03-04", "2026-03-05"])],
    ["2026-03-04 00:00:00", "2026-03-05 00:00:00"])
see("and one that does not", load("others", ["2026-03-04", "x7"]), ["2026-03-04", "x7"])
PYTHON
