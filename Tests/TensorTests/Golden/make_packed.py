"""Writes packed.gguf: for each type of elements a tensor x.TYPE of random bits, and y.TYPE, the Float32 that it means.

    pip install gguf==0.19.0
    python make_packed.py
"""

import os

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter, quants

ROWS, WIDTH = 3, 256
# Where in a block the numbers of 16 bits stand that scale it.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}
random = np.random.default_rng(1)
here = os.path.dirname(os.path.abspath(__file__))
writer = GGUFWriter(os.path.join(here, "packed.gguf"), "llama")
writer.add_uint8("test.uint8", 200)
writer.add_int8("test.int8", -100)
writer.add_uint16("test.uint16", 60_000)
writer.add_int16("test.int16", -30_000)
writer.add_uint32("test.uint32", 4_000_000_000)
writer.add_int32("test.int32", -2_000_000_000)
writer.add_uint64("test.uint64", 1 << 40)
writer.add_int64("test.int64", -(1 << 40))
writer.add_float32("test.float32", 0.1)
writer.add_float64("test.float64", 0.1)
writer.add_bool("test.bool", True)
writer.add_string("test.string", "Grüße 😀")
writer.add_array("test.strings", ["a", "", "ß"])
writer.add_array("test.integers", [1, -2, 3])
writer.add_array("test.floats", [0.5, -1.5])


def add(name, packed, kind):
    writer.add_tensor(f"x.{name}", packed, raw_dtype=kind)
    writer.add_tensor(f"y.{name}", quants.dequantize(packed, kind))


for kind, places in SCALES.items():
    size, elements = quants.GGML_QUANT_SIZES[kind][1], quants.GGML_QUANT_SIZES[kind][0]
    blocks = random.integers(0, 256, (ROWS * WIDTH // elements, size), dtype=np.uint8)
    for place in places:
        # Of both signs, some below the smallest normal number.
        scale = (random.normal(0, 1, len(blocks)) * 10.0 ** random.integers(-7, 2, len(blocks))).astype(np.float16)
        blocks[:, place : place + 2] = scale.view(np.uint8).reshape(-1, 2)
    add(kind.name, blocks.reshape(ROWS, -1), kind)
plain = random.normal(0, 1, (ROWS, 32)).astype(np.float32)
add("F32", plain, Type.F32)
add("F16", plain.astype(np.float16), Type.F16)
add("BF16", quants.quantize(plain, Type.BF16), Type.BF16)
# Rounded by the package; zeros and halves among them.
rough = plain * 10.0 ** np.arange(-4, 4).repeat(4).astype(np.float32)
rough[1] = 0
rough[2, :4] = [127, 0.5, 1.5, -2.5]
writer.add_tensor("rough", rough)
for kind in (Type.F16, Type.BF16, Type.Q8_0, Type.Q5_0):
    writer.add_tensor(f"rounded.{kind.name}", quants.quantize(rough, kind), raw_dtype=kind)
writer.add_tensor("vector", np.arange(5, dtype=np.float32))
# Listed, and read by nobody here.
writer.add_tensor("x.Q2_K", np.zeros((1, 84), np.uint8), raw_dtype=Type.Q2_K)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
