"""Asks a running `distill serve` many typed questions at once, malformed requests among them, and compares each answer with that
to the same request alone.

    distill serve --model FOLDER --port 8000 &
    python decision_load.py 127.0.0.1:8000 NAME [--requests 1000] [--in-flight 16] [--seed 1]

NAME is the model's name there. Only Python's own library is needed. Ends with status 1 where an answer differs by one bit.
"""
import argparse
import http.client
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("host")
parser.add_argument("model")
parser.add_argument("--requests", type=int, default=1000)
parser.add_argument("--in-flight", type=int, default=16)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()
dice = random.Random(given.seed)
WORDS = "the letter kettle broken late again please thank you angry calm parcel street invoice money never ever now".split()


def text(most):
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, most)))


def question():
    kind = dice.choice(["noul", "choice", "score"])
    asked = {"type": kind, "instructions": text(12)}
    if kind == "choice":
        asked["criteria"] = {f"{text(2)} {i}": dice.choice([None, text(4)]) for i in range(dice.randint(2, 6))}
    if kind == "score":
        asked["criteria"] = [text(3) for _ in range(dice.randint(2, 5))]
    return asked


def good():
    state = dice.choice([text(60), {"letter": text(40), "page": dice.randint(1, 9)}, [text(5), text(9)]])
    body = {"model": given.model, "state": state, "questions": {f"q{i}": question() for i in range(dice.randint(1, 3))}}
    return "/v1/systemone", json.dumps(body)


def bad():
    return dice.choice(
        [
            ("/v1/systemone", "{"),
            ("/v1/systemone", json.dumps({"model": given.model, "state": 4, "questions": {}})),
            ("/v1/decisions", json.dumps({"model": given.model, "input": text(3), "questions": [{"type": "choice"}]})),
            ("/v1/systemone", json.dumps({"model": "another", "state": "x", "questions": {"q": {"type": "noul"}}})),
            ("/v1/nothing", "{}"),
        ]
    )


def ask(request):
    path, body = request
    connection = http.client.HTTPConnection(given.host, timeout=300)
    connection.request("POST", path, body.encode(), {"content-type": "application/json"})
    response = connection.getresponse()
    answer = (response.status, response.read())
    connection.close()
    return answer


kinds = [good() for _ in range(50)] + [bad() for _ in range(10)]
alone = [ask(kind) for kind in kinds]
statuses = sorted({status for status, _ in alone[:50]})
if statuses != [200]:
    sys.exit(f"good requests were answered with {statuses}: {alone[0][1][:300]!r}")
order = [dice.randrange(len(kinds)) for _ in range(given.requests)]
began = time.time()
with ThreadPoolExecutor(given.in_flight) as pool:
    answers = list(pool.map(lambda number: ask(kinds[number]), order))
seconds = time.time() - began
different = sum(answer != alone[number] for number, answer in zip(order, answers))
refused = sum(status != 200 for status, _ in answers)
print(f"{given.requests} requests, {refused} of them malformed, {given.in_flight} in flight: {seconds:.1f} s, {different} differ")
sys.exit(bool(different))
