"""Writes decoding.json: small image files of every kind, and the pixels that Pillow shows for them.

    pip install pillow==13.0.0 numpy
    python make_decoding.py

The pictures are made here from sines and seeded noise.
"""

import io
import json
import os
import struct

import numpy as np
import PIL
from PIL import Image, ImageOps

import image_files
from image_files import chunk, jpeg, png, text

random = np.random.RandomState(7)
cases = []


def picture(height, width, channels):
    return image_files.picture(random, height, width, channels)


def add(name, data, **more):
    rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    case = dict(name=name, file=text(data), width=rgb.shape[1], height=rgb.shape[0], rgb=text(rgb.tobytes()))
    cases.append(case | more)


def compose(color, alpha):
    """Color over white, rounded."""
    return (color.astype(np.int64) * alpha + 255 * (255 - alpha) + 127) // 255


def for_people(samples, depth, color_type, palette, transparency):
    """The stated formula: 16 bits to the nearest of 8, then over white."""
    height, width, channels = samples.shape
    top = 2**depth - 1
    if color_type == 3:
        table = np.zeros((256, 4), np.int64)
        table[:, 3] = 255
        table[: len(palette), :3] = palette
        if transparency is not None:
            table[: len(transparency), 3] = transparency
        picked = table[samples[..., 0]]
        return compose(picked[..., :3], picked[..., 3:])
    eight = (samples.astype(np.int64) * 255 + top // 2) // top
    if color_type in (4, 6):
        return compose(np.broadcast_to(eight[..., :-1], (height, width, 3)), eight[..., -1:])
    shown = np.broadcast_to(eight, (height, width, 3)).copy()
    if transparency is not None:
        shown[(samples == transparency).all(-1)] = 255
    return shown


def add_pngs():
    kinds = {0: (1, [1, 2, 4, 8, 16]), 2: (3, [8, 16]), 3: (1, [1, 2, 4, 8]), 4: (2, [8, 16]), 6: (4, [8, 16])}
    for color_type, (channels, depths) in kinds.items():
        for depth in depths:
            for interlaced in (False, True):
                for transparent in (False, True) if color_type in (0, 2, 3) else (False,):
                    height, width = random.randint(1, 12, 2)
                    samples = random.randint(0, 2**depth, (height, width, channels))
                    if depth == 16 and color_type == 0:
                        samples[::2] %= 300  # around the clip of 16-bit grey
                    palette, transparency, extra = None, None, b""
                    if color_type == 3:
                        entries = max(1, 2**depth * 3 // 4)  # some indices are beyond the palette
                        palette = random.randint(0, 256, (entries, 3))
                        extra += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
                    if transparent and color_type == 3:
                        transparency = random.randint(0, 256, max(1, entries // 2))
                        extra += chunk(b"tRNS", transparency.astype(np.uint8).tobytes())
                    elif transparent:
                        transparency = samples[0, 0]
                        extra += chunk(b"tRNS", transparency.astype(">u2").tobytes())
                    data = png(samples, depth, color_type, extra, interlaced=interlaced, level=6)
                    shown = for_people(samples, depth, color_type, palette, transparency)
                    name = f"png type {color_type}, {depth} bits" + ", interlaced" * interlaced + ", tRNS" * transparent
                    add(name, data, shown=text(shown.astype(np.uint8).tobytes()))


def add_jpegs():
    for height, width in [(1, 1), (1, 9), (17, 13), (16, 24)]:
        for progressive in (False, True):
            for subsampling in (0, 1, 2):
                image = Image.fromarray(picture(height, width, 3))
                data = jpeg(image, quality=int(random.randint(30, 96)), subsampling=subsampling, progressive=progressive)
                kind = ["4:4:4", "4:2:2", "4:2:0"][subsampling]
                add(f"jpeg {kind} {width}x{height}" + ", progressive" * progressive, data)
    for progressive in (False, True):
        way = ", progressive" * progressive
        add("jpeg grey" + way, jpeg(Image.fromarray(picture(11, 10, 1)[..., 0]), quality=80, progressive=progressive))
        add("jpeg RGB" + way, jpeg(Image.fromarray(picture(9, 12, 3)), quality=80, keep_rgb=True, progressive=progressive))
        cmyk = jpeg(Image.fromarray(picture(9, 10, 4), "CMYK"), quality=80, progressive=progressive)
        add("jpeg CMYK" + way, cmyk)
        # The same samples, declared as YCCK or without Adobe's marker.
        at = cmyk.index(b"\xff\xee\x00\x0eAdobe")
        add("jpeg YCCK" + way, cmyk[: at + 15] + b"\x02" + cmyk[at + 16 :])
        add("jpeg CMYK without Adobe marker" + way, cmyk[:at] + cmyk[at + 16 :])
    add("jpeg with restarts", jpeg(Image.fromarray(picture(40, 33, 3)), quality=70, restart_marker_blocks=2))


def add_orientations():
    for orientation in range(10):
        exif = Image.Exif()
        exif[0x010F] = "maker"
        exif[0x0112] = orientation
        image = Image.fromarray(picture(3, 5, 3))
        data = exif.tobytes()
        for kind in ("PNG", "JPEG"):
            out = io.BytesIO()
            image.save(out, kind, exif=data)
            turned = ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())))
            add(f"{kind} orientation {orientation}", out.getvalue(), shown=text(turned.tobytes()))
        big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">H", orientation) + b"\0\0\0\0\0\0"
        out = io.BytesIO()
        image.save(out, "JPEG", exif=b"Exif\0\0" + big)
        turned = ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())))
        add(f"big-endian orientation {orientation}", out.getvalue(), shown=text(turned.tobytes()))


add_pngs()
add_jpegs()
add_orientations()
golden = dict(format="decoding", version=1, pillow=PIL.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "decoding.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
