#!/usr/bin/env bash
# A 16-bit grey scan turns white, and the same scan with an alpha channel or in colour does not.
#
# Seen on 2026-11-28 with Pillow 13.0.0.
# PNG files with 16 bits a channel: grey is opened in mode I;16, and convert("RGB") cuts every value at 255. Grey with
# alpha, RGB and RGBA are scaled to 8 bits while the file is read. Two scans that look alike in a viewer differ so.
#
# Why it matters: medical scans are often 16-bit grey. Image processors call convert("RGB"), so the student is trained
# on white pages while the labels were given by people, or services, that saw the scan.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'pillow==13.0.0'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import io
import struct
import zlib

from PIL import Image

values = [0, 4096, 32768, 65535]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def scan(colour_type, channels):
    header = struct.pack(">IIBBBBB", len(values), 1, 16, colour_type, 0, 0, 0)
    row = b"\0" + b"".join(struct.pack(">H", value) * channels for value in values)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    return Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + data))


def red(image):
    rgb = image.convert("RGB")
    return image.mode, [rgb.getpixel((x, 0))[0] for x in range(len(values))]


print("16-bit values in the file:", values)
see("grey", red(scan(0, 1)), ("I;16", [0, 255, 255, 255]))
see("grey with alpha", red(scan(4, 2)), ("RGBA", [0, 16, 128, 255]))
see("colour", red(scan(2, 3)), ("RGB", [0, 16, 128, 255]))
see("colour with alpha", red(scan(6, 4)), ("RGBA", [0, 16, 128, 255]))
PYTHON
