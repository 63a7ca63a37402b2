"""Writes pixels.json: what the processors of transformers make of the files in ../Corpus, opened and turned upright.

    pip install pillow==13.0.0 numpy transformers==5.24.0
    python make_pixels.py

Every processor converts to RGB, and so lays transparency over white. Sizes are small, all else is as published folders of the
family have it. Of each array its shape and a hash stand here: 64 bits, FNV-1a over the words of the float32 values.
"""

import importlib
import json
import os
import warnings

import numpy as np
import PIL
import transformers
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
GOLDEN = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(os.path.dirname(GOLDEN), "Corpus")
clip = dict(
    do_convert_rgb=True, image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711]
)
half = dict(do_convert_rgb=True, image_mean=[0.5] * 3, image_std=[0.5] * 3, rescale_factor=1 / 255)
square = dict(height=16, width=16)
configs = dict(
    SmolVLM=("idefics3", "Idefics3ImageProcessor", half | dict(
        do_image_splitting=True, resample=1, size=dict(longest_edge=48), max_image_size=dict(longest_edge=16))),
    CLIP=("clip", "CLIPImageProcessor", clip | dict(resample=3, size=dict(shortest_edge=16), crop_size=square)),
    SigLIP=("siglip", "SiglipImageProcessor", half | dict(resample=3, size=square)),
    Qwen2VL=("qwen2_vl", "Qwen2VLImageProcessor", clip | dict(
        min_pixels=256, max_pixels=1024, patch_size=4, temporal_patch_size=2, merge_size=2)),
    LlavaNext=("llava_next", "LlavaNextImageProcessor", clip | dict(
        resample=3, size=dict(shortest_edge=16), crop_size=square,
        image_grid_pinpoints=[[16, 32], [32, 16], [32, 32], [48, 16], [16, 48]])),
    Gemma3=("gemma3", "Gemma3ImageProcessor", half | dict(resample=2, size=square, do_pan_and_scan=None)),
)


def fnv(values):
    hash = 0xCBF29CE484222325
    for word in np.ascontiguousarray(values, np.float32).reshape(-1).view(np.uint32).tolist():
        hash = ((hash ^ word) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return format(hash, "x")


with open(os.path.join(CORPUS, "expected.json")) as file:
    names = [entry["file"] for entry in json.load(file)["files"]]
cases = []
for family, (model, kind, config) in configs.items():
    module = importlib.import_module(f"transformers.models.{model}.image_processing_pil_{model}")
    processor = getattr(module, kind + "Pil")(**config)
    files = []
    for name in names:
        image = ImageOps.exif_transpose(Image.open(os.path.join(CORPUS, name)))
        pixels = np.asarray(processor(images=[image], return_tensors="np")["pixel_values"])
        files.append(dict(file=name, shape=pixels.shape, hash=fnv(pixels)))
    config = json.dumps(dict(image_processor_type=kind) | config)
    cases.append(dict(family=family, config=config, files=files))
golden = dict(format="pixels", version=1, pillow=PIL.__version__, transformers=transformers.__version__, cases=cases)
with open(os.path.join(GOLDEN, "pixels.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
print(len(cases), "processors,", len(names), "files")
