"""Times `distill bench` and PyTorch in turn on the same model folder and writes the table of Documentation/Performance.md.

    python side_by_side.py --model DIR --encoder DIR --distill .build/release/distill

Each round runs each job once on either side, so that a change of the machine's load meets both; the table shows medians over
the rounds and the ratio of medians. PyTorch's side is torch_side.py beside this file, which names its requirements. With
--llama, a script that prints llama.cpp's `prefill_seconds` and `decode_seconds` for the text half of the same model as f32,
bf16 and q8_0, those get a table too. --set avx2 holds both sides to AVX2 on a CPU that has more, and writes the table of that
set; llama.cpp then has to be one that was built without AVX-512.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--encoder")
parser.add_argument("--distill", required=True)
parser.add_argument("--llama")
parser.add_argument("--llama-python", default=sys.executable)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("--prompt", type=int, default=128)
parser.add_argument("--answer", type=int, default=64)
parser.add_argument("--set", choices=["avx2"])
parser.add_argument("--dtypes", type=lambda text: text.split(","), default=["float32", "bfloat16"])
parser.add_argument("--out", default=os.path.join(HERE, "..", "Documentation", "Performance.md"))
options = parser.parse_args()
DTYPES = options.dtypes
HELD = {
    "avx2": {
        "TENSOR_MAX_ISA": "avx2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    }
}
os.environ.update(HELD.get(options.set, {}))
# Tokens of texts as they come: of all texts, sorted by length, the middle of each 32nd part.
LENGTHS = {
    # of 5,694 Chinese sentences of companies' reports, 79 on average
    "sentences": "17,23,28,31,33,36,39,41,44,46,49,51,53,55,58,61,64,67,70,73,76,80,85,90,95,102,110,120,132,154,207,329",
    # of 665 English patent abstracts, 163 on average
    "abstracts": "55,77,82,89,96,104,110,113,121,126,131,134,138,143,148,152,158,163,167,173,177,181,187,193,201,212,221,230,"
    "250,267,283,332",
}
SIZES = ["--steps", str(options.steps), "--prompt", str(options.prompt), "--answer", str(options.answer)]
# A model that reads text alone has no tower to be timed.
SEES = "vision_config" in json.load(open(os.path.join(options.model, "config.json")))


def line(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    print(done.stdout.strip().splitlines()[-1], file=sys.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(job, dtype, model, *more):
    return line([options.distill, "bench", "--model", model, "--job", job, "--dtype", dtype, *SIZES, *more])


def torch(job, dtype, model, *more):
    script = os.path.join(HERE, "torch_side.py")
    return line([sys.executable, script, "--model", model, "--job", job, "--dtype", dtype, *SIZES, *more])


def llama(dtype):
    return line([options.llama_python, options.llama, "--dtype", dtype, "--steps", str(options.steps)])


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def row(name, dtype, mine, theirs, key="seconds_median"):
    a, b = median(mine, key), median(theirs, "seconds_median")
    share = [run.get("model_flops_utilisation") for run in mine if run.get("model_flops_utilisation")]
    used = f"{100 * statistics.median(share):.0f} %" if share and key == "seconds_median" else ""
    memory = f"{median(mine, 'peak_rss_mb'):.0f} / {median(theirs, 'peak_rss_mb'):.0f}"
    return f"| {name} | {dtype} | {a:.2f} s | {b:.2f} s | {b / a:.1f} x | {used} | {memory} |"


# (name, job, the key of our time, options of the PyTorch script)
ROWS = [
    ("Stage 1, features kept", "sft", "seconds_median", []),
    ("Stage 1, first epoch", "sft", "cold_seconds_median", []),
    ("Stage 1, PyTorch given the same savings", "sft", "seconds_median", ["--reduced"]),
    ("Stage 2, nothing kept", "dpo", "cold_seconds_median", []),
    ("Stage 2, features and reference kept", "dpo", "seconds_median", []),
    ("Stage 2, PyTorch given the same savings", "dpo", "seconds_median", ["--reduced"]),
    ("vision tower, one image", "vision", "seconds_median", []),
    ("generate, image included" if SEES else "generate", "generate", "cold_seconds_median", []),
]
# (name, whole or not, lengths and head)
ENCODERS = [
    (f"{kind}, {way}", full, more)
    for kind, more in [("32 texts of one length", [])]
    + [(f"lengths of {name}", ["--lengths", list_]) for name, list_ in LENGTHS.items()]
    + [("lengths of abstracts, tagging", ["--lengths", LENGTHS["abstracts"], "--tagger"])]
    for way, full in (("LoRA", []), ("whole", ["--full"]))
]
FORMS = (("float32", "f32"), ("bfloat16", "bf16"), ("int8", "q8_0"))  # ours, llama.cpp's
runs = {}
for turn in range(options.rounds):
    for dtype in DTYPES:
        for job in ("sft", "dpo", "vision", "generate") if SEES else ("sft", "dpo", "generate"):
            runs.setdefault(("ours", job, dtype), []).append(ours(job, dtype, options.model))
            runs.setdefault(("torch", job, dtype, ""), []).append(torch(job, dtype, options.model))
            if job == "sft":
                runs.setdefault(("ours", "checkpointing", dtype), []).append(
                    ours(job, dtype, options.model, "--checkpointing"))
            if job in ("sft", "dpo"):
                runs.setdefault(("torch", job, dtype, "--reduced"), []).append(
                    torch(job, dtype, options.model, "--reduced"))
    if options.encoder:
        for name, full, more in ENCODERS:
            mine = ours("encoder", "float32", options.encoder, *full, *more)
            runs.setdefault(("ours", "encoder", name), []).append(mine)
            for grouped in ([], ["--grouped"])[: 2 if "--lengths" in more else 1]:
                theirs = torch("encoder", "float32", options.encoder, *full, *more, *grouped)
                runs.setdefault(("torch", "encoder", name, *grouped), []).append(theirs)
    if options.llama:
        for dtype, form in FORMS:
            runs.setdefault(("ours", "text", dtype), []).append(ours("generate", dtype, options.model, "--merged"))
            runs.setdefault(("llama", form), []).append(llama(form))

table = [
    "| job | frozen weights | this library | PyTorch | ratio | of peak | peak memory, MB |",
    "|---|---|---|---|---|---|---|",
]
for name, job, key, more in ROWS:
    for dtype in DTYPES if SEES or job != "vision" else ():
        table.append(row(name, dtype, runs["ours", job, dtype], runs["torch", job, dtype, "".join(more)], key))
for dtype in DTYPES:
    mine, theirs = runs["ours", "checkpointing", dtype], runs["torch", "sft", dtype, ""]
    table.append(row("Stage 1, features kept, activations computed again", dtype, mine, theirs))
if options.encoder:
    for name, full, more in ENCODERS:
        for grouped in ([], ["--grouped"])[: 2 if "--lengths" in more else 1]:
            note = ", PyTorch's batches of like lengths" if grouped else ""
            theirs = runs["torch", "encoder", name, *grouped]
            table.append(row(f"encoder, {name}{note}", "float32", runs["ours", "encoder", name], theirs))

sample = runs["ours", "sft", "float32"]
cpu = [l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")]
measured = {d: [run for run in runs["ours", "sft", d] if run.get("measured_peak_gflops")] for d in DTYPES}
peak = {d: median(found, "measured_peak_gflops") for d, found in measured.items() if found}
machine = (
    f"{cpu[0] if cpu else platform.processor()}, instruction set {sample[0]['instruction_set']}, {sample[0]['threads']} threads; "
    f"a loop of multiply-adds reaches {' and '.join(f'{peak[d]:.0f} GFLOP/s in {d}' for d in peak)}. "
    f"{'One round' if options.rounds == 1 else f'Medians of {options.rounds} rounds'} in turn. {'One image tile, ' if SEES else ''}"
    f"{options.prompt} prompt tokens, {options.answer} answer tokens, 3 answers in Stage 1. "
    f"A first step begins {median(sample, 'ready_seconds'):.2f} s after the start and ends, nothing kept, after "
    f"{median(sample, 'first_step_seconds'):.1f} s; PyTorch needs {median(runs['torch', 'sft', 'float32', ''], 'load_seconds'):.1f} s to load."
)
if options.llama:
    table += [
        "",
        "The text half of generation against llama.cpp: 192 tokens read, 64 written. Each cell is this library / llama.cpp.",
        "",
        "| frozen weights | reading | ratio | writing | ratio | of the memory's bandwidth |",
        "|---|---|---|---|---|---|",
    ]
    for dtype, form in FORMS:
        mine, theirs = runs["ours", "text", dtype], runs["llama", form]
        read, written = median(mine, "prefill_seconds"), median(mine, "decode_seconds")
        # One token of ours comes with the prompt; llama.cpp's side reads as many as it writes.
        written *= mine[0]["answer"] / (mine[0]["answer"] - 1)
        other = median(theirs, "prefill_seconds"), median(theirs, "decode_seconds")
        table.append(
            f"| {dtype} / {form} | {read:.2f} / {other[0]:.2f} s | {other[0] / read:.2f} x | {written:.2f} / {other[1]:.2f} s "
            f"| {other[1] / written:.2f} x | {100 * median(mine, 'decode_bandwidth_share'):.0f} % |")
mark = f" SET={options.set}" if options.set else ""
begin, end = f"<!-- table: written by make bench{mark} -->", "<!-- end of table -->"
text = open(options.out).read()
head, rest = text.split(begin)
tail = rest[rest.index(end) + len(end) :]
open(options.out, "w").write(head + begin + "\n\n" + machine + "\n\n" + "\n".join(table) + "\n\n" + end + tail)
print("\n".join(table))
