#!/usr/bin/env bash
# A PNG is turned by a text that it carries, and refused for another.
#
# Seen on 2026-11-28 with transformers 5.24.0 and Pillow 13.0.0.
# Two PNG files of 200 x 100 pixels with orientation 6 in a text chunk, as ImageMagick writes EXIF. Under "Raw profile
# type exif" load_image turns the image, under "Raw profile type APP1" it does not. XMP in a text turns it too. A file
# with a compressed comment of over 1 MiB, which changes no pixel and is valid PNG, is not read at all.
#
# Why it matters: a reader that knows EXIF from its own chunk alone shows another picture than the model was trained
# on, and a whole data set fails to load because of one comment.
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
from PIL.PngImagePlugin import PngInfo
from transformers.image_utils import load_image

tags = Image.Exif()
tags[0x0112] = 6
block = tags.tobytes()


def loaded(keyword, text, international=False, compressed=False):
    info = PngInfo()
    if international:
        info.add_itxt(keyword, text)
    else:
        info.add_text(keyword, text, zip=compressed)
    Image.new("RGB", (200, 100)).save("picture.png", pnginfo=info)
    try:
        return load_image("picture.png").size
    except ValueError as error:
        return str(error)


def profile(name):
    return f"\n{name}\n{len(block):8}\n{block.hex()}\n"


see("no text", loaded("Comment", "upright"), (200, 100))
see("profile named exif", loaded("Raw profile type exif", profile("exif")), (100, 200))
see("profile named exif, compressed", loaded("Raw profile type exif", profile("exif"), compressed=True), (100, 200))
see("profile named APP1", loaded("Raw profile type APP1", profile("APP1")), (200, 100))
xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
see("XMP", loaded("XML:com.adobe.xmp", xmp, international=True), (100, 200))
see("comment of 1 MiB, compressed", loaded("Comment", " " * 2**20, compressed=True), (200, 100))
see("comment of 2 MiB", loaded("Comment", " " * 2**21), (200, 100))
see("comment of 2 MiB, compressed", loaded("Comment", " " * 2**21, compressed=True),
    "Decompressed data too large for PngImagePlugin.MAX_TEXT_CHUNK")
PYTHON
