"""PyTorch's side of the encoder benchmark: one update of a text classifier on a batch of random texts.

    python encoder_torch.py --model DIR [--full] [--batch 32] [--prompt 128]

LoRA of rank 16 on every linear layer of the encoder, the classifier trained whole; with --full everything trains. Prints one
JSON line.
"""
import argparse
import json
import resource
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--dtype", default="float32")
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--prompt", type=int, default=128)
parser.add_argument("--steps", type=int, default=3)
parser.add_argument("--full", action="store_true")
options = parser.parse_args()
start = time.perf_counter()
import torch
import transformers
from peft import LoraConfig, get_peft_model

torch.manual_seed(0)
model = transformers.AutoModelForSequenceClassification.from_pretrained(
    options.model, dtype=getattr(torch, options.dtype)
).eval()
load = time.perf_counter() - start
labels = model.config.num_labels
if not options.full:
    names = r".*encoder.*\.(query|key|value|dense)"
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=names, modules_to_save=["classifier"]))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)


def step():
    ids = torch.randint(100, 1000, (options.batch, options.prompt))
    classes = torch.arange(options.batch) % labels
    model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=classes).loss.backward()
    optimizer.step()
    optimizer.zero_grad()


times = []
for _ in range(options.steps + 1):
    begin = time.perf_counter()
    step()
    times.append(time.perf_counter() - begin)
times = sorted(times[1:])
print(
    json.dumps(
        dict(
            engine="pytorch", job="encoder", dtype=options.dtype, full=options.full, threads=torch.get_num_threads(),
            seconds_min=times[0], seconds_median=times[len(times) // 2], load_seconds=load,
            peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )
    )
)
