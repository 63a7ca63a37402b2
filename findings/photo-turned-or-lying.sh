#!/usr/bin/env bash
# One photo of a telephone is upright or lying by the way it is handed over.
#
# Seen on 2026-11-28 with datasets 5.2.0, transformers 5.24.0 and Pillow 13.0.0.
# A JPEG of 200 x 100 pixels with orientation 6 (turn right to see it). datasets' Image column and transformers'
# load_image turn it; a processor that is given the same file opened by Pillow does not, and the bytes of an Image
# column with decode=False, as it is kept in Parquet files, are lying.
#
# Why it matters: a service sees the photo upright; the student that reads the opened file learns it lying.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'datasets==5.2.0' 'transformers==5.24.0' 'pillow==13.0.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import io

import datasets
from PIL import Image
from transformers.image_utils import load_image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

tags = Image.Exif()
tags[0x0112] = 6
Image.new("RGB", (200, 100)).save("photo.jpg", exif=tags)
plain = CLIPImageProcessorPil(do_resize=False, do_center_crop=False, do_rescale=False, do_normalize=False)


def size(image):
    height, width = plain(image, return_tensors="np")["pixel_values"][0].shape[1:]
    return width, height


column = datasets.Dataset.from_dict({"photo": ["photo.jpg"]}).cast_column("photo", datasets.Image())
see("datasets, decoded", column[0]["photo"].size, (100, 200))
see("load_image", load_image("photo.jpg").size, (100, 200))
see("processor, path", size("photo.jpg"), (100, 200))
see("processor, image opened by Pillow", size(Image.open("photo.jpg")), (200, 100))
table = datasets.Dataset.from_list([{"photo": {"bytes": open("photo.jpg", "rb").read(), "path": None}}])
see("bytes of the column", Image.open(io.BytesIO(table[0]["photo"]["bytes"])).size, (200, 100))
PYTHON
