#!/usr/bin/env bash
# A label that has to match "yes|no" can be written without one of its quotes alone, and every answer is broken JSON.
#
# Seen on 2026-11-30 with outlines-core 0.2.14 and jsonschema 4.26.0.
# The engine puts the quotes of a text before and behind the schema's pattern, without brackets around it. So the quote in front
# belongs to the first choice, and the one behind to the last: {"label":"yes} and {"label":no"}. What stands between has none:
# of "low|1|high" a model can write the number 1, of "no|true|yes" the value true, as valid JSON that the schema refuses. With
# ^ and $ around the choices it is the same; with brackets, (yes|no), it is right, and so is an enum.
#
# Why it matters: a server holds the model to the schema, so that every answer can be read. Here none of them can, for any
# item, or only those of one class, as a number where a text was asked for; it looks like a teacher that fails.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'outlines-core==0.2.14' 'jsonschema==4.26.0'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import json

from jsonschema import Draft202012Validator
from outlines_core import Guide, Index, Vocabulary
from outlines_core.json_schema import build_regex_from_schema

letters = {letter: place for place, letter in enumerate('{}":abehiglnorstuwy01234567 ')}
end = len(letters)
names = {place: letter for letter, place in letters.items()}


def answers(pattern):
    """All that a model can write whose tokens are single letters, and whether it is JSON and what the schema allows."""
    label = {"type": "string", "pattern": pattern}
    schema = {"type": "object", "properties": {"label": label}, "required": ["label"]}
    expression = build_regex_from_schema(json.dumps(schema), "")
    index = Index(expression, Vocabulary(end, {letter: [place] for letter, place in letters.items()}))
    written, begun = [], [""]
    while begun:
        text = begun.pop()
        guide = Guide(index)
        for letter in text:
            guide.advance(letters[letter])
        if guide.is_finished():
            written.append(text)
        else:
            begun += [text + names[token] for token in guide.get_tokens() if token != end]
    return {text: judge(text, schema) for text in sorted(written)}


def judge(text, schema):
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return "no JSON"
    return "right" if Draft202012Validator(schema).is_valid(value) else "JSON, not allowed"


broken = {'{"label":"yes}': "no JSON", '{"label":no"}': "no JSON"}
see("yes|no", answers("yes|no"), broken)
see("^yes|no$", answers("^yes|no$"), broken)
see("(yes|no)", answers("(yes|no)"), {'{"label":"no"}': "right", '{"label":"yes"}': "right"})
see("[1-7]|10", set(answers("[1-7]|10").values()), {"no JSON"})
between = {'{"label":"low}': "no JSON", '{"label":1}': "JSON, not allowed", '{"label":high"}': "no JSON"}
see("low|1|high", answers("low|1|high"), between)
between = {'{"label":"no}': "no JSON", '{"label":true}': "JSON, not allowed", '{"label":yes"}': "no JSON"}
see("no|true|yes", answers("no|true|yes"), between)
PYTHON
