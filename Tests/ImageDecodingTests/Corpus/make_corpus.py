"""Writes the image files beside this script, and expected.json: the pixels that transformers makes of them.

    pip install pillow==13.0.0 numpy transformers==5.24.0
    apt-get install libjpeg-turbo-progs webp        # cjpeg -arithmetic, webpmux
    python make_corpus.py

Pixels are those of the processors' `convert_to_rgb` on an opened image that stands upright, as `load_image` and the Image
type of datasets turn it. The pictures are made here from sines and seeded noise.
"""

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import PIL
import transformers
from PIL import Image, ImageOps
from transformers.image_transforms import convert_to_rgb

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "Golden"))
import image_files
from image_files import chunk, entry, exif, international_chunk, jpeg, png, profile, riff_chunk, text, text_chunk, tiff
from image_files import webp_file, with_segment, xmp

warnings.simplefilter("ignore")
random = np.random.RandomState(11)
files, broken = [], []


def save(name, data):
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(data)


def add(name, data, orientation=1, **facts):
    """A file, what its head says, and its pixels."""
    save(name, data)
    image = Image.open(io.BytesIO(data))
    stored = image.size
    rgb = convert_to_rgb(ImageOps.exif_transpose(image), return_numpy=True)
    stated = image.getexif().get(0x0112, 1)
    assert (stated if stated in range(1, 9) else 1) == orientation, (name, stated)
    upright = (stored[1], stored[0]) if orientation >= 5 else stored
    assert (rgb.shape[1], rgb.shape[0]) == upright, name
    files.append(
        dict(
            file=name, width=stored[0], height=stored[1], orientation=orientation,
            transparent=facts.get("transparent", False), animated=facts.get("animated", False),
            grey16=facts.get("grey16", False), inks=facts.get("inks", False), rgb=text(rgb.tobytes()),
        )
    )


def add_broken(name, data, reason):
    save(name, data)
    broken.append(dict(file=name, reason=reason))


def key(*values):
    return chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))


def palette(count):
    return chunk(b"PLTE", random.randint(0, 256, (count, 3)).astype(np.uint8).tobytes())


def picture(height, width, channels):
    return image_files.picture(random, height, width, channels)


def add_pngs():
    levels = lambda depth, channels=1: random.randint(0, 2**depth, (9, 14, channels))
    for depth in (1, 2, 4, 8):
        add(f"grey{depth}.png", png(levels(depth), depth, 0))
    scan = levels(16)
    scan[::2] %= 300  # around the clip
    add("grey16.png", png(scan, 16, 0), grey16=True)
    add("rgb8.png", png(picture(9, 14, 3), 8, 2))
    add("rgb16.png", png(levels(16, 3), 16, 2))
    add("greyalpha8.png", png(picture(9, 14, 2), 8, 4), transparent=True)
    add("greyalpha16.png", png(levels(16, 2), 16, 4), transparent=True)
    add("rgba8.png", png(picture(9, 14, 4), 8, 6), transparent=True)
    add("rgba16.png", png(levels(16, 4), 16, 6), transparent=True)
    for depth in (1, 2, 4, 8):
        add(f"palette{depth}.png", png(levels(depth), depth, 3, palette(2**depth)))
    # A grey square all of whose pixels have the transparent colour.
    add("grey8-key.png", png(np.full((28, 28, 1), 10), 8, 0, key(10)), transparent=True)
    add("grey1-key.png", png(levels(1), 1, 0, key(0)), transparent=True)
    add("grey4-key.png", png(levels(4), 4, 0, key(3)), transparent=True)
    scan[0] = 60_000
    add("grey16-key.png", png(scan, 16, 0, key(200)), transparent=True, grey16=True)
    colors = picture(9, 14, 3) // 64 * 64
    add("rgb8-key.png", png(colors, 8, 2, key(*colors[4, 5])), transparent=True)
    add("rgb16-key.png", png(colors.astype(int) * 257, 16, 2, key(*(colors[4, 5].astype(int) * 257))), transparent=True)
    add("palette8-one.png", png(levels(3), 8, 3, palette(8) + chunk(b"tRNS", b"\xff\xff\0")), transparent=True)
    alphas = random.randint(0, 256, 12).astype(np.uint8).tobytes()
    add("palette4-alphas.png", png(levels(4), 4, 3, palette(16) + chunk(b"tRNS", alphas)), transparent=True)
    add("palette2-beyond.png", png(levels(2), 2, 3, palette(3)))
    add("interlaced-rgb.png", png(picture(9, 14, 3), 8, 2, interlaced=True))
    add("interlaced-palette4.png", png(levels(4), 4, 3, palette(16), interlaced=True))
    add("interlaced-rgba.png", png(picture(9, 14, 4), 8, 6, interlaced=True), transparent=True)
    add("exif-rgba.png", png(picture(9, 14, 4), 8, 6, chunk(b"eXIf", exif(6))), 6, transparent=True)
    add("exif-behind.png", png(picture(9, 14, 3), 8, 2, behind=chunk(b"eXIf", exif(8, ">"))), 8)
    document = b"XML:com.adobe.xmp"
    add("xmp.png", png(picture(9, 14, 3), 8, 2, international_chunk(document, xmp(5))), 5)
    frames = [Image.fromarray(picture(9, 14, 3)) for _ in range(2)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    add("animated.png", out.getvalue(), animated=True)


def add_jpegs():
    color = Image.fromarray(picture(13, 18, 3))
    add("baseline-420.jpg", jpeg(color, quality=80))
    add("baseline-444.jpg", jpeg(color, quality=90, subsampling=0))
    add("progressive.jpg", jpeg(color, quality=80, progressive=True))
    add("restarts.jpg", jpeg(color, quality=80, restart_marker_blocks=1))
    add("rgb.jpg", jpeg(color, quality=80, keep_rgb=True))
    add("grey.jpg", jpeg(Image.fromarray(picture(13, 18, 1)[..., 0]), quality=80))
    cmyk = jpeg(Image.fromarray(picture(13, 18, 4), "CMYK"), quality=80)
    add("cmyk.jpg", cmyk, inks=True)
    at = cmyk.index(b"\xff\xee\x00\x0eAdobe")
    add("ycck.jpg", cmyk[: at + 15] + b"\x02" + cmyk[at + 16 :], inks=True)
    with tempfile.NamedTemporaryFile(suffix=".ppm") as file:
        color.save(file.name)
        add("arithmetic.jpg", subprocess.check_output(["cjpeg", "-arithmetic", "-quality", "80", file.name]))
    plain, label = jpeg(color, quality=80), b"Exif\0\0"
    for orientation in range(1, 9):
        order = "<>"[orientation % 2]
        data = with_segment(plain, label, exif(orientation, order, 3 + orientation // 5, orientation % 3 != 0))
        add(f"exif{orientation}.jpg", data, orientation)
    add("exif-unknown.jpg", with_segment(plain, label, exif(9)))
    add("exif-twice-labelled.jpg", with_segment(plain, label, label + exif(3)), 3)
    namespace = b"http://ns.adobe.com/xap/1.0/\0"
    add("xmp.jpg", with_segment(plain, namespace, xmp(6, element=True)), 6)
    nameless = exif(6).replace(struct.pack("<H", 0x0112), struct.pack("<H", 0x0113))
    both = with_segment(with_segment(plain, namespace, xmp(8)), label, nameless)
    add("exif-without-orientation-xmp.jpg", both, 8)
    add("exif-and-xmp.jpg", with_segment(with_segment(plain, namespace, xmp(8)), label, exif(3)), 3)


def webp(image, **options):
    out = io.BytesIO()
    image.save(out, "WEBP", **options)
    return out.getvalue()


def add_webps():
    color, clear = Image.fromarray(picture(13, 18, 3)), Image.fromarray(picture(13, 18, 4))
    add("lossy.webp", webp(color, quality=80))
    add("lossless.webp", webp(color, lossless=True))
    add("lossy-alpha.webp", webp(clear, quality=80), transparent=True)
    add("lossless-alpha.webp", webp(clear, lossless=True, exact=True), transparent=True)
    add("exif.webp", webp(color, quality=80, exif=exif(6)), 6)
    add("exif-alpha.webp", webp(clear, lossless=True, exif=b"Exif\0\0" + exif(7, ">")), 7, transparent=True)
    add("xmp.webp", webp(color, quality=80, xmp=xmp(4)), 4)
    frames = [Image.fromarray(picture(13, 18, 3)) for _ in range(2)]
    add("animated.webp", webp(frames[0], save_all=True, append_images=frames[1:], quality=80), animated=True)
    frames = [Image.fromarray(picture(13, 18, 4)) for _ in range(2)]
    data = webp(frames[0], save_all=True, append_images=frames[1:], lossless=True)
    add("animated-alpha.webp", data, transparent=True, animated=True)
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("a.webp", "b.webp", "out.webp")]
        for name, channels in zip(names, (4, 4)):
            with open(name, "wb") as file:
                file.write(webp(Image.fromarray(picture(6, 8, channels)), lossless=True))
        frames = ["-frame", names[0], "+100+4+2+0-b", "-frame", names[1], "+100+0+0+0-b"]
        subprocess.check_call(["webpmux", *frames, "-o", names[2]], stderr=subprocess.DEVNULL)
        with open(names[2], "rb") as file:
            add("animated-small-frame.webp", file.read(), transparent=True, animated=True)


def blocks(data):
    return b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)) + b"\0"


def gif(screen, place, indices, colors, transparent=None, own=False, interlaced=False):
    """One frame, its pixels written as clear codes and single codes."""
    bits = 4
    codes, ends = [], 1 << bits
    for number, index in enumerate(indices.reshape(-1)):
        if number % 14 == 0:
            codes.append(ends)
        codes.append(int(index))
    codes.append(ends + 1)
    stream = "".join(format(code, f"0{bits + 1}b")[::-1] for code in codes)
    stream += "0" * (-len(stream) % 8)
    data = bytes(int(stream[i : i + 8][::-1], 2) for i in range(0, len(stream), 8))
    table = b"" if colors is None else np.asarray(colors, np.uint8).tobytes()
    flags = 0x80 | bits - 1
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0 if own or not table else flags, 0, 0)
    out += b"" if own else table
    if transparent is not None:
        out += b"!\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"
    height, width = indices.shape
    own_flags = (flags if own else 0) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", *place, width, height, own_flags) + (table if own else b"")
    return out + bytes([bits]) + blocks(data) + b";"


def add_gifs():
    colors = random.randint(0, 256, (16, 3))
    indices = lambda height, width: random.randint(0, 16, (height, width))
    add("plain.gif", gif((14, 9), (0, 0), indices(9, 14), colors))
    add("own-colours.gif", gif((14, 9), (0, 0), indices(9, 14), colors, own=True))
    add("no-colours.gif", gif((14, 9), (0, 0), indices(9, 14), None))
    add("transparent.gif", gif((14, 9), (0, 0), indices(9, 14), colors, 5), transparent=True)
    add("small-frame.gif", gif((14, 9), (3, 2), indices(5, 6), colors))
    add("small-frame-transparent.gif", gif((14, 9), (3, 2), indices(5, 6), colors, 5), transparent=True)
    add("beyond-the-screen.gif", gif((8, 4), (3, 2), indices(5, 6), colors))
    data = gif((14, 9), (0, 0), indices(9, 14), colors, interlaced=True)
    add("interlaced.gif", data)
    frames = [Image.fromarray(picture(9, 14, 3)) for _ in range(2)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    add("animated.gif", out.getvalue(), animated=True)


def add_orientations():
    """Where Pillow finds an orientation, and where not. More cases stand in ../Golden/orientations.json."""
    color = picture(9, 14, 3)
    of_png = lambda before=b"", behind=b"": png(color, 8, 2, before, behind)
    hexadecimal, document, label = b"Raw profile type exif", b"XML:com.adobe.xmp", b"Exif\0\0"
    magick = profile(label + exif(6))
    add("profile.png", of_png(text_chunk(hexadecimal, magick)), 6)
    add("profile-compressed.png", of_png(text_chunk(hexadecimal, magick, compressed=True)), 6)
    add("profile-behind.png", of_png(behind=text_chunk(hexadecimal, profile(exif(8, ">")))), 8)
    add("profile-and-exif.png", of_png(text_chunk(hexadecimal, magick) + chunk(b"eXIf", exif(3))), 3)
    add("profile-of-app1.png", of_png(text_chunk(b"Raw profile type APP1", profile(label + exif(6), "APP1"))))
    add("profile-of-xmp.png", of_png(text_chunk(b"Raw profile type xmp", profile(xmp(6), "xmp"))))
    clear = png(picture(9, 14, 4), 8, 6, text_chunk(hexadecimal, magick, compressed=True))
    add("profile-rgba.png", clear, 6, transparent=True)
    add("xmp-compressed.png", of_png(international_chunk(document, xmp(7), flag=1)), 7)
    nameless = text_chunk(hexadecimal, profile(tiff([])))
    add("xmp-and-profile-without.png", of_png(international_chunk(document, xmp(4)) + nameless), 4)
    frames = [Image.fromarray(picture(9, 14, 3)) for _ in range(2)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    late = out.getvalue()[:-12] + chunk(b"eXIf", exif(6)) + out.getvalue()[-12:]
    add("exif-behind-all-frames.png", late, animated=True)

    namespace = b"http://ns.adobe.com/xap/1.0/\0"
    plain = jpeg(Image.fromarray(color), quality=80)
    far = tiff([entry(0x0112, 3, 1, struct.pack("<HH", 6, 0))], directory=40)
    halves = with_segment(with_segment(plain, label, far[40:]), label, far[:40])
    add("exif-in-two-segments.jpg", halves, 6)
    add("exif-twice.jpg", with_segment(with_segment(plain, label, exif(6)), label, exif(3)), 3)
    fraction = tiff([entry(0x0112, 5, 1, struct.pack("<I", 26))], struct.pack("<II", 6, 1))
    add("exif-fraction.jpg", with_segment(plain, label, fraction), 6)
    add("exif-list.jpg", with_segment(plain, label, tiff([entry(0x0112, 3, 2, struct.pack("<HH", 8, 1))])), 8)
    add("exif-zero-and-xmp.jpg", with_segment(with_segment(plain, namespace, xmp(6)), label, exif(0)))
    add("no-tiff-and-xmp.jpg", with_segment(with_segment(plain, namespace, xmp(6)), label, b"no TIFF block at all"))
    add("xmp-twice.jpg", with_segment(with_segment(plain, namespace, xmp(6)), namespace, xmp(3)), 6)
    out = io.BytesIO()
    first = Image.Exif()
    first[0x0112] = 6
    other = Image.fromarray(picture(9, 14, 3))
    other.encoderinfo = {}
    Image.fromarray(color).save(out, "MPO", save_all=True, append_images=[other], exif=first)
    add("two-pictures.mpo.jpg", out.getvalue(), 6)

    out = io.BytesIO()
    Image.fromarray(color).save(out, "WEBP", quality=80)
    image = out.getvalue()[12:]
    size = bytes([13, 0, 0, 8, 0, 0])
    turned = riff_chunk(b"EXIF", exif(6))
    add("exif-unannounced.webp", webp_file(riff_chunk(b"VP8X", bytes(4) + size), image, turned))
    add("exif-before.webp", webp_file(riff_chunk(b"VP8X", bytes([8, 0, 0, 0]) + size), turned, image), 6)

    out = io.BytesIO()
    Image.fromarray(color).quantize(16).save(out, "GIF")
    data = out.getvalue()
    end = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    at = 13 + 3 * 16
    add("xmp.gif", data[:at] + b"!\xff\x0bXMP DataXMP" + xmp(6) + end + data[at:])


def add_broken_files():
    read = lambda name: open(os.path.join(HERE, name), "rb").read()
    for name in ("rgb8.png", "baseline-420.jpg", "lossy.webp", "lossless.webp", "plain.gif"):
        stem, ending = name.split(".")
        add_broken(f"cut-{stem}.{ending}", read(name)[:-30], "truncated")
    color = Image.fromarray(picture(5, 6, 3))
    for kind, name in (("BMP", "six.bmp"), ("TIFF", "six.tif")):
        out = io.BytesIO()
        color.save(out, kind)
        add_broken(name, out.getvalue(), kind)
    add_broken("head.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC")
    add_broken("page.jpg", b"<!DOCTYPE html><title>404</title>", "a web page")
    add_broken("empty.png", b"", "an empty file")
    damaged = bytearray(read("lossless.webp"))
    damaged[40:60] = bytes(20)
    add_broken("damaged.webp", bytes(damaged), "damaged")


add_pngs()
add_jpegs()
add_webps()
add_gifs()
add_broken_files()
add_orientations()
versions = dict(pillow=PIL.__version__, transformers=transformers.__version__)
with open(os.path.join(HERE, "expected.json"), "w") as file:
    json.dump(dict(versions=versions, files=files, broken=broken), file, indent=0)
    file.write("\n")
print(len(files), "files,", len(broken), "that can't be read")
