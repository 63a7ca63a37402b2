"""Writes processing.json: preprocessor_config.json texts, images, and the pixels that transformers makes of them.

    pip install pillow==13.0.0 numpy transformers==5.23.0
    python make_processing.py
"""

import base64
import importlib
import json
import os

import numpy as np
import PIL
import transformers
from PIL import Image

classes = {
    name: getattr(importlib.import_module(f"transformers.models.{model}.image_processing_pil_{model}"), name + "Pil")
    for name, model in [
        ("Idefics3ImageProcessor", "idefics3"),
        ("CLIPImageProcessor", "clip"),
        ("SiglipImageProcessor", "siglip"),
    ]
}
random = np.random.RandomState(21)
cases = []


def text(array):
    return base64.b64encode(array.tobytes()).decode()


def options(config):
    return {key: value for key, value in config.items() if key not in ("image_processor_type", "unknown")}


def add_single(name, config, size):
    """One image through a processor that cuts nothing into tiles."""
    width, height = size
    image = random.randint(0, 256, (height, width, 3)).astype(np.uint8)
    processor = classes[config["image_processor_type"]](**options(config))
    pixels = processor(images=[Image.fromarray(image)], return_tensors="np")["pixel_values"].astype(np.float32)
    cases.append(
        dict(
            name=name,
            config=json.dumps(config),
            rows=[[dict(width=width, height=height, rgb=text(image))]],
            gridRows=[0],
            gridColumns=[0],
            shape=(1, *pixels.shape),
            pixels=text(pixels),
            mask=text(np.ones((1, 1, *pixels.shape[2:]), np.uint8)),
        )
    )


def add(name, config, rows):
    """Rows of images, each a size (width, height)."""
    rows = [[random.randint(0, 256, (height, width, 3)).astype(np.uint8) for width, height in row] for row in rows]
    processor = classes[config["image_processor_type"]](**options(config))
    images = [[Image.fromarray(image) for image in row] for row in rows]
    out = processor(images=images, return_tensors="np", return_row_col_info=True)
    pixels = out["pixel_values"].astype(np.float32)
    cases.append(
        dict(
            name=name,
            config=json.dumps(config),
            rows=[[dict(width=i.shape[1], height=i.shape[0], rgb=text(i)) for i in row] for row in rows],
            gridRows=[grid for row in out["rows"] for grid in row],
            gridColumns=[grid for row in out["cols"] for grid in row],
            shape=pixels.shape,
            pixels=text(pixels),
            mask=text(out["pixel_attention_mask"].astype(np.uint8)),
        )
    )


def config(**more):
    return dict(image_processor_type="Idefics3ImageProcessor", size={"longest_edge": 24}, max_image_size={"longest_edge": 6}) | more


for size in [(1, 1), (1, 40), (40, 1), (24, 24), (23, 24), (7, 5), (31, 17), (17, 31), (5, 6), (30, 18)]:
    add("split", config(), [[size]])
    add("whole", config(do_image_splitting=False, size={"longest_edge": 12}), [[size]])
for code in range(6):
    add("filter", config(resample=code, size={"longest_edge": 12}), [[(13, 9)]])
add("one tile", config(size={"longest_edge": 6}), [[(9, 7)]])
add("both sides given", config(size={"height": 10, "width": 13}), [[(9, 7)]])
add("not resized", config(do_resize=False), [[(9, 7)]])
add("not rescaled", config(do_rescale=False, size={"longest_edge": 6}), [[(9, 7)]])
add("not normalized", config(do_normalize=False, size={"longest_edge": 6}), [[(9, 7)]])
add("neither", config(do_normalize=False, do_rescale=False, size={"longest_edge": 6}), [[(9, 7)]])
clip = dict(image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711])
add("other means", config(size={"longest_edge": 6}, **clip), [[(9, 7)]])
add("other factor", config(size={"longest_edge": 6}, rescale_factor=1 / 127.5), [[(9, 7)]])
add("unknown and null keys", config(size={"longest_edge": 6}, unknown={"a": [1, None]}, do_normalize=None, image_mean=None), [[(9, 7)]])
add("a batch", config(size={"longest_edge": 12}), [[(9, 7), (3, 8)], [(6, 6)], [(5, 20)]])

for size in [(1, 1), (9, 7), (7, 10), (30, 3), (3, 30), (12, 12)]:
    for edge, crop in [(8, (8, 8)), (9, (6, 5)), (4, (7, 6))]:
        sides = dict(size={"shortest_edge": edge}, crop_size={"height": crop[0], "width": crop[1]})
        add_single("clip", dict(image_processor_type="CLIPImageProcessor", **sides), size)
    add_single("siglip", dict(image_processor_type="SiglipImageProcessor", size={"height": 6, "width": 9}), size)
whole = dict(do_resize=False, crop_size={"height": 5, "width": 20}, do_normalize=False)
add_single("clip, not resized", dict(image_processor_type="CLIPImageProcessor", **whole), (9, 9))
add_single("clip, plain sides", dict(image_processor_type="CLIPImageProcessor", size=8, crop_size=7, resample=2), (9, 20))

golden = dict(
    format="processing", version=1, pillow=PIL.__version__, transformers=transformers.__version__, cases=cases
)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "processing.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
