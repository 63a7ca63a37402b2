#!/usr/bin/env bash
# A span that is in the text letter by letter is not found: in Chinese by default, elsewhere by the order of spans.
#
# Seen on 2026-11-28 with langextract 1.7.1.
# The aligner places spans at the tokens of its default tokenizer, which takes a run of Chinese between two punctuation
# marks for one token; UnicodeTokenizer is right there. In English a span that was listed too early is placed inside the
# span that follows it, as a "fuzzy" match, though the text has it elsewhere.
#
# Why it matters: spans of teachers are joined to the text by such aligners. Those that are lost are all of one
# language, and where spans overlap the student is taught that a part of one is another.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'langextract==1.7.1'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from langextract.core.data import Extraction
from langextract.core.tokenizer import UnicodeTokenizer
from langextract.resolver import Resolver


def place(text, spans, **options):
    wanted = [Extraction(extraction_class="thing", extraction_text=span) for span in spans]
    places = []
    for found in Resolver().align(wanted, text, token_offset=0, char_offset=0, **options):
        where = found.char_interval and (found.char_interval.start_pos, found.char_interval.end_pos)
        places.append((found.extraction_text, where, found.alignment_status and found.alignment_status.name))
    return places


chinese = "电池的正极材料含有锂，负极使用石墨。"
see(chinese, place(chinese, ["正极材料", "石墨"]), [("正极材料", None, None), ("石墨", None, None)])
see(
    "with UnicodeTokenizer", place(chinese, ["正极材料", "石墨"], tokenizer_inst=UnicodeTokenizer()),
    [("正极材料", (3, 7), "MATCH_EXACT"), ("石墨", (15, 17), "MATCH_EXACT")])
english = "A thin film and a film."
see(
    f"{english} in order", place(english, ["thin film", "film"]),
    [("thin film", (2, 11), "MATCH_EXACT"), ("film", (18, 22), "MATCH_EXACT")])
see(
    f"{english} the other way round", place(english, ["film", "thin film"]),
    [("film", (7, 11), "MATCH_FUZZY"), ("thin film", (2, 11), "MATCH_EXACT")])
PYTHON
