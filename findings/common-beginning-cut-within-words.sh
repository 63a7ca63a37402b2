#!/usr/bin/env bash
# A preference pair without a prompt is cut in the middle of a word, and a pair of equal answers at its last letter.
#
# Seen on 2026-11-28 with trl 1.16.0.
# Where a row has "chosen" and "rejected" alone, as texts, extract_prompt takes the longest common beginning, letter by
# letter, for the prompt. It goes into words, numbers and labels: "10" against "12" leaves a prompt that ends with "1".
# With conversations (lists of messages) it cuts between messages and is right.
#
# Why it matters: labels of which one begins with another ("No", "No evidence"), and numbers, are learnt from pieces
# that the tokenizer never makes of the whole answer.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'torch==2.13.0' 'trl==1.16.0' 'transformers==5.24.0' 'datasets==5.2.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from trl import extract_prompt

pairs = [
    ("Open? Yes, it is.", "Open? Yesterday it was.", ("Open? Yes", ", it is.", "terday it was.")),
    ("3 + 7 = 10", "3 + 7 = 12", ("3 + 7 = 1", "0", "2")),
    ("Sign of it? No", "Sign of it? No evidence", ("Sign of it? N", "o", "o evidence")),
    ("same", "same", ("sam", "e", "e")),
]
for chosen, rejected, expected in pairs:
    row = extract_prompt({"chosen": chosen, "rejected": rejected})
    see(f"{chosen!r} over {rejected!r}", (row["prompt"], row["chosen"], row["rejected"]), expected)


def talk(answer):
    return [{"role": "user", "content": "3 + 7 ="}, {"role": "assistant", "content": answer}]


row = extract_prompt({"chosen": talk("10"), "rejected": talk("12")})
see("as conversations", (row["prompt"], row["chosen"][0]["content"]), (talk("")[:1], "10"))
PYTHON
