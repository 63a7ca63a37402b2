"""Writes any_size.json: what transformers makes of images with the processors of Qwen2-VL, LLaVA-NeXT and InternVL.

    pip install pillow==13.0.0 numpy transformers==5.23.0
    python make_any_size.py
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
    for name, model in [("Qwen2VLImageProcessor", "qwen2_vl"), ("LlavaNextImageProcessor", "llava_next"), ("GotOcr2ImageProcessor", "got_ocr2")]
}
random = np.random.RandomState(8)
cases = []


def text(array):
    return base64.b64encode(array.tobytes()).decode()


def add(kind, sizes, **config):
    images = [random.randint(0, 256, (height, width, 3)).astype(np.uint8) for width, height in sizes]
    more = dict(crop_to_patches=True) if kind == "GotOcr2ImageProcessor" else {}  # as InternVL's processor calls it
    out = classes[kind](**config)(images=[Image.fromarray(i) for i in images], return_tensors="np", **more)
    sizes = next(([[n] for n in out[k]] if k == "num_patches" else out[k]) for k in ("image_grid_thw", "image_sizes", "num_patches") if k in out)
    pixels = np.asarray(out["pixel_values"]).astype(np.float32)
    cases.append(
        dict(
            config=json.dumps(dict(image_processor_type=kind) | config),
            images=[dict(width=i.shape[1], height=i.shape[0], rgb=text(i)) for i in images],
            shape=pixels.shape,
            pixels=text(pixels),
            sizes=np.asarray(sizes).tolist(),
        )
    )


qwen = dict(min_pixels=32, max_pixels=160, patch_size=2, merge_size=2)
for size in [(1, 1), (3, 9), (10, 6), (6, 10), (14, 2), (33, 21), (21, 33), (60, 1), (8, 8), (18, 6)]:
    add("Qwen2VLImageProcessor", [size], **qwen)
add("Qwen2VLImageProcessor", [(9, 7), (12, 3)], **qwen)
add("Qwen2VLImageProcessor", [(9, 7)], size=dict(shortest_edge=16, longest_edge=64), patch_size=2, merge_size=2, resample=1)
add("Qwen2VLImageProcessor", [(9, 7)], **(qwen | dict(patch_size=3, merge_size=1, temporal_patch_size=1)))

grid = [[4, 8], [8, 4], [8, 8], [12, 4], [4, 12]]
llava = dict(size=dict(shortest_edge=4), crop_size=dict(height=4, width=4), image_grid_pinpoints=grid)
for size in [(1, 1), (5, 3), (3, 5), (8, 8), (7, 9), (20, 5), (5, 20), (31, 2), (2, 31), (16, 12), (13, 14)]:
    add("LlavaNextImageProcessor", [size], **llava)
add("LlavaNextImageProcessor", [(7, 9), (31, 2)], **llava)
add("LlavaNextImageProcessor", [(7, 9)], **(llava | dict(size=dict(height=4, width=4), resample=0, do_normalize=False)))

intern = dict(size=dict(height=4, width=4), max_patches=6, crop_to_patches=False)
for size in [(1, 1), (5, 3), (3, 5), (4, 8), (8, 8), (20, 5), (5, 20), (31, 2), (7, 7)]:
    add("GotOcr2ImageProcessor", [size], **intern)
add("GotOcr2ImageProcessor", [(7, 9), (31, 2)], **intern)
add("GotOcr2ImageProcessor", [(9, 7)], **(intern | dict(min_patches=3, max_patches=5, resample=2, image_mean=[0.1, 0.2, 0.3])))
add("GotOcr2ImageProcessor", [(9, 7)], **(intern | dict(max_patches=1)))

golden = dict(format="any_size", version=1, pillow=PIL.__version__, transformers=transformers.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "any_size.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
