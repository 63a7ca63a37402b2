"""Writes random bfloat16 weights into a model folder that has none, for timing a size that nobody wants to download.

    python random_weights.py --model FOLDER [--shard-gigabytes 2]

The folder holds config.json, tokenizer and image processor of any family that transformers knows. Names and shapes are those
of transformers' own model for that config.json; norms are ones, everything else is normal with a standard deviation of 0.02.
"""
import argparse
import json
import os
import struct

import numpy as np
import torch
import transformers

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--shard-gigabytes", type=float, default=2)
options = parser.parse_args()

config = transformers.AutoConfig.from_pretrained(options.model)
with torch.device("meta"):
    try:
        model = transformers.AutoModelForImageTextToText.from_config(config)
    except ValueError:
        model = transformers.AutoModelForCausalLM.from_config(config)
tensors = {name: tuple(tensor.shape) for name, tensor in model.named_parameters()}
tied = set(model.all_tied_weights_keys or {}) if config.tie_word_embeddings else set()
tensors = {name: shape for name, shape in tensors.items() if name not in tied}

# One block of random numbers, read from another place for each tensor: arithmetic does not depend on the values.
numbers = np.random.default_rng(0).standard_normal(1 << 24, dtype=np.float32) * 0.02
block = (numbers.view(np.uint32) >> 16).astype(np.uint16)
one = np.uint16(0x3F80)


def write_elements(file, name, count, start):
    if "norm" in name and name.endswith("weight"):
        file.write(np.full(count, one).tobytes())
        return
    while count:
        part = block[start % len(block):][:count]
        file.write(part.tobytes())
        count -= len(part)
        start = 0


shards, size = [[]], 0
for name, shape in tensors.items():
    count = int(np.prod(shape))
    if size and size + 2 * count > options.shard_gigabytes * 2**30:
        shards.append([])
        size = 0
    shards[-1].append((name, shape, count))
    size += 2 * count
where, total = {}, 0
for number, shard in enumerate(shards):
    file_name = f"model-{number + 1:05}-of-{len(shards):05}.safetensors"
    header, at = {}, 0
    for name, shape, count in shard:
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + 2 * count]}
        where[name] = file_name
        at += 2 * count
    total += at
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(options.model, file_name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for index, (name, shape, count) in enumerate(shard):
            write_elements(file, name, count, 7919 * index)
with open(os.path.join(options.model, "model.safetensors.index.json"), "w") as file:
    json.dump({"metadata": {"total_size": total}, "weight_map": where}, file, indent=1)
print(f"{len(tensors)} tensors, {total / 2**30:.2f} GiB in {len(shards)} files")
