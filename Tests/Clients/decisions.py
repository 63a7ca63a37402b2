"""Asks a running `distill serve` typed questions through published clients, and checks that their own types read the answers.

    pip install openai==3.57.0 litellm==1.110.0 langchain-openai==1.7.4
    distill serve --model FOLDER --port 8000 &
    python decisions.py http://127.0.0.1:8000/v1 NAME [--image PHOTO]

NAME is the model's name there. With --image the model has to read images. Every probability that one client is given is compared
with those of the others for the same question. Ends with status 1 where an answer is not what the client's types say, sums of
probabilities are not 1, or two clients got different answers.
"""
import argparse
import base64
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or prices are fetched at the first import

import litellm
import openai
from langchain_openai.decisions import Choice, Level, OpenAIDecisions, Predicate, Score
from openai.types.decision import Decision

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("base_url")
parser.add_argument("model")
parser.add_argument("--image", help="a PNG or JPEG")
given = parser.parse_args()
failures = []


def check(what, holds):
    print(("ok    " if holds else "FAILS ") + what)
    if not holds:
        failures.append(what)


def near(first, second):
    return abs(first - second) < 1e-6


STATE = "Third letter, and still no reply about the kettle that came broken."
QUESTIONS = [
    {"type": "predicate", "name": "angry", "instructions": "Is the writer angry?"},
    {
        "type": "choice",
        "name": "desk",
        "instructions": "Which desk answers this?",
        "choices": [{"value": "delivery", "description": "Where a parcel is"}, {"value": "returns"}, {"value": "other"}],
    },
    {
        "type": "score",
        "name": "urgency",
        "instructions": "How urgent is it?",
        "levels": [{"label": "can wait"}, {"label": "this week"}, {"label": "today"}],
    },
]
SYSTEM_ONE = {
    "angry": {"type": "noul", "instructions": "Is the writer angry?"},
    "desk": {
        "type": "choice",
        "instructions": "Which desk answers this?",
        "criteria": {"delivery": "Where a parcel is", "returns": None, "other": None},
    },
    "urgency": {"type": "score", "instructions": "How urgent is it?", "criteria": ["can wait", "this week", "today"]},
}

# openai
client = openai.OpenAI(base_url=given.base_url, api_key="none", max_retries=0)
answer = client.decisions.create(model=given.model, input=STATE, questions=QUESTIONS)
# What the client parsed is built without validation; this validates it.
Decision.model_validate(answer.model_dump(), strict=True)
angry, desk, urgency = answer.answers
check("openai: the answers' types", [a.type for a in answer.answers] == ["predicate", "choice", "score"])
check("openai: names", [a.name for a in answer.answers] == ["angry", "desk", "urgency"])
check("openai: a probability", 0 <= angry.probability <= 1)
check("openai: a choice's probabilities", near(sum(p.probability for p in desk.probabilities), 1))
check("openai: the best is chosen", desk.choice == max(desk.probabilities, key=lambda p: p.probability).value)
check("openai: a score", near(sum(p.value * p.probability for p in urgency.probabilities), urgency.score))
check("openai: levels", [p.label for p in urgency.probabilities] == ["can wait", "this week", "today"])
check("openai: usage", answer.usage.total_tokens == answer.usage.input_tokens > 0)

both = client.decisions.create(
    model=given.model,
    input=[{"role": "developer", "content": "Letters to a shop."}, {"role": "user", "content": [{"type": "input_text", "text": STATE}]}],
    questions=[{"type": "choice", "instructions": "Which?", "choices": [{"value": True}, {"value": "true"}]}],
)
values = [p.value for p in both.answers[0].probabilities]
check("openai: true and \"true\" are two choices", values == [True, "true"] and values[0] is True)
try:
    client.decisions.create(model=given.model, input=STATE, questions=[{"type": "choice", "instructions": "x", "choices": []}])
    check("openai: a wrong question is refused", False)
except openai.BadRequestError as error:
    check("openai: a wrong question is refused", "choices" in str(error))

# litellm, in both forms
provider = dict(api_base=given.base_url, api_key="none")
routed = litellm.decisions(model=f"openai/{given.model}", input=STATE, questions=QUESTIONS, **provider)
check("litellm.decisions: the same probability", near(routed.answers[0].probability, angry.probability))
check(
    "litellm.decisions: the same choice",
    all(near(a.probability, b.probability) for a, b in zip(routed.answers[1].probabilities, desk.probabilities)),
)
check("litellm.decisions: the same score", near(routed.answers[2].score, urgency.score))
routed = litellm.systemone(model=f"typesafe/{given.model}", state=STATE, questions=SYSTEM_ONE, **provider)
answers = {name: a if isinstance(a, dict) else a.model_dump() for name, a in dict(routed.answers).items()}
check("litellm.systemone: the same probability", near(answers["angry"]["noul"], angry.probability))
check("litellm.systemone: the same score", near(answers["urgency"]["score"], urgency.score))
check("litellm.systemone: the same choice", answers["desk"]["choice"] == desk.choice)

# langchain
chain = OpenAIDecisions(model=given.model, base_url=given.base_url, api_key="none")
choices = {"delivery": "Where a parcel is", "returns": None, "other": None}
asked = {
    "angry": Predicate(instructions="Is the writer angry?"),
    "desk": Choice(instructions="Which desk answers this?", choices=choices),
    "urgency": Score(instructions="How urgent is it?", levels=[Level(label=p["label"]) for p in QUESTIONS[2]["levels"]]),
}
found = chain.invoke({"input": STATE, "questions": asked})
check("langchain: the same probability", near(found.predicates["angry"].probability, angry.probability))
check("langchain: the same choice", found.choices["desk"].choice == desk.choice)
check("langchain: the same score", near(found.scores["urgency"].score, urgency.score))

if given.image:
    data = open(given.image, "rb").read()
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    text = base64.b64encode(data).decode()
    part = {"type": "input_image", "image_url": f"data:image/{kind};base64,{text}", "detail": "auto"}
    question = {"type": "predicate", "instructions": "Is there a dog?"}
    seen = client.decisions.create(model=given.model, input=[{"role": "user", "content": [part]}], questions=[question])
    check("openai: an image", 0 <= seen.answers[0].probability <= 1)
    asset = {"photo": {"type": "image", "format": kind, "data_base64": text}}
    question = {"dog": {"type": "noul", "instructions": "Is there a dog?"}}
    # The client sends images to this kind of service only behind that header.
    header = {"typesafe-danger-zone-images": "true"}
    seen = litellm.systemone(
        model=f"typesafe/{given.model}", state="photo", questions=question, assets=asset, extra_headers=header, **provider)
    probability = dict(seen.answers)["dog"]
    probability = probability["noul"] if isinstance(probability, dict) else probability.noul
    check("litellm.systemone: an image", 0 <= probability <= 1)

print(f"{len(failures)} of the checks fail" if failures else "all as the clients' types say")
sys.exit(bool(failures))
