#!/usr/bin/env bash
# One transparent picture, two pictures for the model: by path its hidden colours, opened first a white ground.
#
# Seen on 2026-11-28 with transformers 5.24.0 and Pillow 13.0.0 (without PyTorch: the Pillow processors).
# A wholly transparent PNG keeps colours under its transparency. load_image, and a processor that is given the path,
# drop the alpha channel first, so the hidden colours come out; the same processor lays an opened image over white.
#
# Why it matters: a teacher that is served by path and a student that is trained on opened images see different
# pictures of the same item (cut-outs, logos, charts with a transparent ground).
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'transformers==5.24.0' 'pillow==13.0.0'
cd "$folder"
export HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" TRANSFORMERS_VERBOSITY=error HF_HUB_DISABLE_PROGRESS_BARS=1
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


from PIL import Image
from transformers.image_utils import load_image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

Image.new("RGBA", (28, 28), (10, 20, 30, 0)).save("logo.png")
plain = CLIPImageProcessorPil(do_resize=False, do_center_crop=False, do_rescale=False, do_normalize=False)


def corner(image):
    return plain(image, return_tensors="np")["pixel_values"][0][:, 0, 0].tolist()


see("opened image through the processor", corner(Image.open("logo.png")), [255, 255, 255])
see("path through the processor", corner("logo.png"), [10, 20, 30])
see("load_image, then the processor", corner(load_image("logo.png")), [10, 20, 30])
PYTHON
