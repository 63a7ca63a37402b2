"""What other processes on the machine cost a step: a neighbour that computes without end on some cores, and a second
`distill` beside the first.

    python3 Benchmarks/neighbours.py --distill .build/release/distill --model FOLDER --job sft --rounds 5

Each round runs the step alone, beside the neighbour, and twice at once; the table shows medians over the rounds. A neighbour
on one of n cores leaves n - 1/2 of them: a step that took its fair share would take n / (n - 1/2) times as long, and two at
once twice as long. What a step takes beyond that is what its threads wait for one another.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--distill", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--job", default="sft")
parser.add_argument("--dtype", default="float32")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("--busy", type=int, default=1, help="cores on which the neighbour computes")
options = parser.parse_args()
CORES = sorted(os.sched_getaffinity(0))
if options.busy >= len(CORES):
    sys.exit(f"{options.busy} busy cores of {len(CORES)} leave none: --busy has to be less")


def start():
    command = [options.distill, "bench", "--model", options.model, "--job", options.job, "--dtype", options.dtype]
    return subprocess.Popen(command + ["--steps", str(options.steps)], stdout=subprocess.PIPE, text=True)


def seconds(process):
    output, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"distill bench ended with {process.returncode}")
    return json.loads(output)


def neighbour(core):
    code = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    return subprocess.Popen([sys.executable, "-c", code])


alone, beside, both = [], [], []
for _ in range(options.rounds):
    line = seconds(start())
    alone.append(line["seconds_median"])
    busy = [neighbour(core) for core in CORES[: options.busy]]
    try:
        beside.append(seconds(start())["seconds_median"])
    finally:
        for process in busy:
            process.kill()
            process.wait()
    pair = [start(), start()]
    both += [seconds(process)["seconds_median"] for process in pair]

n = len(CORES)
fair = n / (n - options.busy / 2)
base = statistics.median(alone)
print(f"{options.job}, {options.dtype}, {line['instruction_set']}, {n} cores, medians of {options.rounds} rounds")
print("| | seconds | times alone | fair share | times the fair share |")
print("|---|---|---|---|---|")
print(f"| alone | {base:.3f} | 1 | 1 | 1 |")
for name, times, share in [(f"beside a neighbour on {options.busy} core(s)", beside, fair), ("two at once", both, 2)]:
    ratio = statistics.median(times) / base
    print(f"| {name} | {statistics.median(times):.3f} | {ratio:.2f} | {share:.2f} | {ratio / share:.2f} |")
