"""Writes orientations.json: small files that say in many ways how they are to be shown, and what Pillow makes of each.

    pip install pillow==13.0.0 numpy
    python make_orientations.py

`orientation` is what `ImageOps.exif_transpose` turns by, 1 where it turns nothing. Where Pillow raises an error there is no
such value: such cases are `refused`, and their orientation is ours, with the reason in the name.
"""

import io
import json
import os
import struct
import warnings
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

from image_files import chunk, entry, exif, international_chunk, jpeg, png, profile, riff_chunk, text, text_chunk, tiff
from image_files import webp_file, with_segment, xmp

warnings.simplefilter("ignore")
cases = []
LABEL, PROFILE, XMP = b"Exif\0\0", b"Raw profile type exif", b"XML:com.adobe.xmp"
NAMESPACE = b"http://ns.adobe.com/xap/1.0/\0"
COLOR = np.arange(8 * 16 * 3, dtype=np.uint8).reshape(8, 16, 3)


def turned(data):
    """The orientation that Pillow turns by."""
    image = Image.open(io.BytesIO(data))
    image.load()
    if isinstance(image.getexif().get(0x0112, 1), (bytes, str)):
        stated = 1
    else:
        stated = next((n for n in range(2, 9) if image.getexif().get(0x0112, 1) == n), 1)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    ways = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
    expected = image.transpose(ways[stated]) if stated > 1 else image
    assert upright.size == expected.size and upright.tobytes() == expected.tobytes()
    return stated


def add(name, data, orientation):
    """A case, with the value that is expected of Pillow."""
    assert turned(data) == orientation, (name, turned(data))
    cases.append(dict(name=name, file=text(data), orientation=orientation, refused=False))


def refuse(name, data, orientation):
    try:
        turned(data)
    except Exception:
        cases.append(dict(name=name, file=text(data), orientation=orientation, refused=True))
        return
    raise AssertionError(name)


def of_png(before=b"", behind=b""):
    return png(COLOR[:3, :4], 8, 2, before, behind)


def add_texts():
    magick = profile(LABEL + exif(6))
    spaced = b"\nexif\n1\n" + (LABEL + exif(6)).hex(" ").encode()
    add("profile as text", of_png(text_chunk(PROFILE, magick)), 6)
    add("profile without its label", of_png(text_chunk(PROFILE, profile(exif(6)))), 6)
    add("compressed profile", of_png(text_chunk(PROFILE, magick, compressed=True)), 6)
    add("international profile", of_png(international_chunk(PROFILE, magick)), 6)
    add("compressed international profile", of_png(international_chunk(PROFILE, magick, 1)), 6)
    add("profile behind the image", of_png(behind=text_chunk(PROFILE, magick)), 6)
    add("profile in capital digits", of_png(text_chunk(PROFILE, magick.upper())), 6)
    add("profile with carriage returns", of_png(text_chunk(PROFILE, magick.replace(b"\n", b"\r\n"))), 6)
    add("profile in one line, which is none", of_png(text_chunk(PROFILE, exif(6).hex().encode())), 1)
    add("profile cut between two digits", of_png(text_chunk(PROFILE, magick[:60] + b"\n" + magick[60:])), 6)
    add("profile with spaces between bytes", of_png(text_chunk(PROFILE, spaced)), 6)
    add("profile of another name", of_png(text_chunk(b"Raw profile type EXIF", magick)), 1)
    add("profile of APP1", of_png(text_chunk(b"Raw profile type APP1", profile(LABEL + exif(6), "APP1"))), 1)
    add("profile of XMP", of_png(text_chunk(b"Raw profile type xmp", profile(xmp(6), "xmp"))), 1)
    cut = zlib.compress(magick + b" " * 40)[:-5]
    add("compressed profile without its end", of_png(chunk(b"zTXt", PROFILE + b"\0\0" + cut)), 6)
    broken = chunk(b"zTXt", PROFILE + b"\0\0abc")
    add("broken compressed profile", of_png(broken), 1)
    add("broken compressed profile, XMP", of_png(broken + international_chunk(XMP, xmp(6))), 6)
    filled = profile(LABEL + exif(6) + bytes(400_000))
    add("compressed profile of nearly 1 MiB", of_png(text_chunk(PROFILE, filled, compressed=True)), 6)
    add("two profiles, the last counts", of_png(text_chunk(PROFILE, profile(exif(3))) + text_chunk(PROFILE, magick)), 6)
    add("eXIf 3 before a profile of 6", of_png(chunk(b"eXIf", exif(3)) + text_chunk(PROFILE, magick)), 3)
    add("profile of 6 before eXIf 3", of_png(text_chunk(PROFILE, magick) + chunk(b"eXIf", exif(3))), 3)
    add("eXIf without orientation, profile", of_png(chunk(b"eXIf", tiff([])) + text_chunk(PROFILE, magick)), 1)
    add("empty eXIf, profile", of_png(chunk(b"eXIf", b"") + text_chunk(PROFILE, magick)), 1)
    nameless = text_chunk(PROFILE, profile(tiff([])))
    add("profile without orientation, XMP", of_png(nameless + international_chunk(XMP, xmp(6))), 6)
    add("profile of 3, XMP of 6", of_png(text_chunk(PROFILE, profile(exif(3))) + international_chunk(XMP, xmp(6))), 3)
    add("two eXIf, the last counts", of_png(chunk(b"eXIf", exif(3)) + chunk(b"eXIf", exif(6))), 6)
    add("eXIf with a label", of_png(chunk(b"eXIf", LABEL + exif(6))), 6)
    add("text named exif", of_png(text_chunk(b"exif", LABEL + exif(6))), 6)
    add("text named exif behind eXIf", of_png(chunk(b"eXIf", exif(3)) + text_chunk(b"exif", exif(6))), 6)
    add("eXIf behind the end", of_png() + chunk(b"eXIf", exif(6)), 1)

    add("XMP", of_png(international_chunk(XMP, xmp(6))), 6)
    add("XMP as an element", of_png(international_chunk(XMP, xmp(6, element=True))), 6)
    add("compressed XMP", of_png(international_chunk(XMP, xmp(6), 1)), 6)
    add("XMP compressed in an unknown way", of_png(international_chunk(XMP, xmp(6), 1, 1)), 1)
    add("plain XMP with an unknown method", of_png(international_chunk(XMP, xmp(6), 0, 1)), 6)
    add("compressed XMP with a flag of 2", of_png(international_chunk(XMP, xmp(6), 2)), 6)
    add("XMP as text", of_png(text_chunk(XMP, xmp(6))), 6)
    add("XMP as compressed text", of_png(text_chunk(XMP, xmp(6), compressed=True)), 6)
    other = international_chunk(XMP, b"\xff" + xmp(6))
    add("XMP that is not UTF-8", of_png(other), 6)
    add("XMP in an unreadable language", of_png(international_chunk(XMP, xmp(6), language=b"\xff")), 6)
    add("XMP of 3, then 6 not in UTF-8", of_png(international_chunk(XMP, xmp(3)) + other), 3)
    add("XMP of 6 not in UTF-8, then 3", of_png(other + international_chunk(XMP, xmp(3))), 3)
    add("XMP without, then 6 not in UTF-8", of_png(international_chunk(XMP, b"<x/>") + other), 1)
    add("empty XMP, then 6 not in UTF-8", of_png(international_chunk(XMP, b"") + other), 6)
    add("two XMP, the last counts", of_png(international_chunk(XMP, xmp(3)) + international_chunk(XMP, xmp(6))), 6)
    broken = chunk(b"iTXt", XMP + b"\0\1\0\0\0abc")
    add("XMP of 3, then broken", of_png(international_chunk(XMP, xmp(3)) + broken), 3)
    cut = zlib.compress(xmp(6) + b" " * 40)[:-5]
    add("compressed XMP without its end", of_png(chunk(b"iTXt", XMP + b"\0\1\0\0\0" + cut)), 6)
    add("XMP of 9", of_png(international_chunk(XMP, xmp(9))), 1)
    add("XMP of 0 and 6", of_png(international_chunk(XMP, xmp(0) + xmp(6))), 1)
    add("XMP of 12, whose first digit counts", of_png(international_chunk(XMP, xmp(62))), 6)
    add("eXIf of 9, XMP of 6", of_png(chunk(b"eXIf", exif(9)) + international_chunk(XMP, xmp(6))), 1)
    add("eXIf of 0, XMP of 6", of_png(chunk(b"eXIf", exif(0)) + international_chunk(XMP, xmp(6))), 1)

    bomb = b" " * (2 << 20)
    refuse("a profile of 2 MiB is not read", of_png(text_chunk(PROFILE, magick + bomb, compressed=True)), 1)
    refuse("XMP of 2 MiB is not read", of_png(international_chunk(XMP, xmp(6) + bomb, 1)), 1)
    refuse("a comment of 2 MiB is no matter", of_png(text_chunk(b"Comment", bomb, True) + chunk(b"eXIf", exif(6))), 6)
    refuse("an odd digit makes no profile", of_png(text_chunk(PROFILE, magick + b"a")), 1)
    refuse("other signs make no profile", of_png(text_chunk(PROFILE, b"\nexif\n3\nzz")), 1)
    refuse("what is no TIFF", of_png(chunk(b"eXIf", b"no TIFF block") + international_chunk(XMP, xmp(6))), 1)
    refuse("TIFF that ends in its head", of_png(chunk(b"eXIf", exif(6)[:6]) + international_chunk(XMP, xmp(6))), 1)
    refuse("BigTIFF", of_png(chunk(b"eXIf", b"II+\0" + exif(6)[4:])), 1)


def add_directories():
    far = struct.pack("<I", 26)
    values = {
        "byte": (1, 1, b"\6\0\0\0", b"", 1), "text": (2, 2, b"6\0\0\0", b"", 1),
        "short": (3, 1, b"\6\0\0\0", b"", 6), "long": (4, 1, b"\6\0\0\0", b"", 6),
        "fraction 6/1": (5, 1, far, struct.pack("<II", 6, 1), 6),
        "fraction 12/2": (5, 1, far, struct.pack("<II", 12, 2), 6),
        "fraction 6/0": (5, 1, far, struct.pack("<II", 6, 0), 1),
        "fraction 13/2": (5, 1, far, struct.pack("<II", 13, 2), 1),
        "signed byte": (6, 1, b"\6\0\0\0", b"", 6), "undefined": (7, 1, b"\6\0\0\0", b"", 1),
        "signed short": (8, 1, b"\6\0\0\0", b"", 6), "signed long": (9, 1, b"\6\0\0\0", b"", 6),
        "signed fraction": (10, 1, far, struct.pack("<ii", 6, 1), 6),
        "float": (11, 1, struct.pack("<f", 6), b"", 6), "float 6.5": (11, 1, struct.pack("<f", 6.5), b"", 1),
        "double": (12, 1, far, struct.pack("<d", 6), 6), "place of a directory": (13, 1, b"\6\0\0\0", b"", 6),
        "eight bytes": (16, 1, far, struct.pack("<Q", 6), 6),
        "two shorts": (3, 2, struct.pack("<HH", 6, 3), b"", 6), "shorts 9 and 6": (3, 2, struct.pack("<HH", 9, 6), b"", 1),
        "three shorts": (3, 3, far, struct.pack("<HHH", 6, 3, 1), 6),
        "two longs": (4, 2, far, struct.pack("<II", 6, 3), 6),
    }
    for name, (kind, count, value, behind, orientation) in values.items():
        block = chunk(b"eXIf", tiff([entry(0x0112, kind, count, value)], behind))
        add(f"orientation as {name}", of_png(block), orientation)
        add(f"orientation as {name}, XMP", of_png(block + international_chunk(XMP, xmp(8))), orientation)
    none = {"unknown type": (14, 1, b""), "type 0": (0, 1, b""), "no short": (3, 0, b""), "cut": (3, 3, b"\6\0\3\0")}
    for name, (kind, count, behind) in none.items():
        block = chunk(b"eXIf", tiff([entry(0x0112, kind, count, far)], behind))
        add(f"orientation as {name}", of_png(block), 1)
        add(f"orientation as {name}, XMP", of_png(block + international_chunk(XMP, xmp(8))), 8)

    short, maker = entry(0x0112, 3, 1, b"\6\0\0\0"), lambda size, at: entry(0x010F, 2, size, struct.pack("<I", at))
    model = entry(0x0110, 2, 30, bytes(4))
    in_png = lambda entries, behind=b"", more=b"": of_png(chunk(b"eXIf", tiff(entries, behind)) + more)
    add("a value that ends behind the block ends the directory", in_png([maker(20, 100), short]), 1)
    add("the same, XMP", in_png([maker(20, 100), short], more=international_chunk(XMP, xmp(8))), 8)
    add("a value larger than the block is passed over", in_png([maker(2000, 100), short]), 6)
    add("values larger than the block together", in_png([maker(30, 0), model, short]), 6)
    fraction = entry(0x0112, 5, 1, struct.pack("<I", 38))
    add("orientation beyond that sum", in_png([maker(44, 0), fraction], struct.pack("<II", 6, 1)), 1)
    add("a value behind the block later on", in_png([short, maker(20, 100)]), 6)
    add("orientation twice", in_png([entry(0x0112, 3, 1, b"\3\0\0\0"), short]), 3)
    add("orientation of an unknown type, then again", in_png([entry(0x0112, 14, 1, b"\3\0\0\0"), short]), 6)
    block = tiff([short])
    add("a directory that is cut", of_png(chunk(b"eXIf", block[:18]) + international_chunk(XMP, xmp(8))), 8)
    add("a directory without its end", of_png(chunk(b"eXIf", block[:22])), 6)
    add("a directory beyond the block", of_png(chunk(b"eXIf", block[:4] + struct.pack("<I", 900) + block[8:])), 1)
    add("42 turned round, II", of_png(chunk(b"eXIf", b"II\0*" + block[4:])), 6)
    for kind, value in ((3, b"\0\6\0\0"), (4, b"\0\0\0\6"), (6, b"\6\0\0\0"), (8, b"\0\6\0\0")):
        big = tiff([entry(0x0112, kind, 1, value, ">")], order=">")
        add(f"type {kind}, MM", of_png(chunk(b"eXIf", big)), 6)
        add(f"type {kind}, 42 turned round, MM", of_png(chunk(b"eXIf", b"MM*\0" + big[4:])), 6)
    for kind, value in ((5, struct.pack(">II", 6, 1)), (11, struct.pack(">f", 6)), (12, struct.pack(">d", 6))):
        place = value if len(value) == 4 else struct.pack(">I", 26)
        big = tiff([entry(0x0112, kind, 1, place, ">")], value if len(value) > 4 else b"", order=">")
        add(f"type {kind}, MM", of_png(chunk(b"eXIf", big)), 6)


def add_animations():
    control = lambda number: chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 4, 3, 0, 0, 1, 10, 0, 0))
    frames = lambda count: chunk(b"acTL", struct.pack(">II", count, 0))
    pixels = zlib.compress(b"".join(b"\0" + COLOR[y, :4].tobytes() for y in range(3)))
    frame = lambda number: chunk(b"fdAT", struct.pack(">I", number) + pixels)
    turned = chunk(b"eXIf", exif(6))
    add("before the first frame", of_png(frames(2) + control(0) + turned, control(1) + frame(2)), 6)
    add("behind the first frame", of_png(frames(2) + control(0), turned + control(1) + frame(2)), 6)
    add("behind all frames", of_png(frames(2) + control(0), control(1) + frame(2) + turned), 1)
    add("behind the only frame", of_png(frames(1) + control(0), turned), 6)
    add("behind the frames of a still image", of_png(frames(1), control(0) + turned + frame(1)), 1)
    add("behind a still image", of_png(frames(1), turned + control(0) + frame(1)), 6)
    add("an animation of no frames", of_png(frames(0) + control(0), control(1) + turned + frame(2)), 6)


def add_jpegs():
    image = Image.fromarray(COLOR)
    def of(*segments, marker=0xE1, **options):
        data = jpeg(image, **options)
        for label, content in reversed(segments):
            data = with_segment(data, label, content, marker)
        return data

    exif_of, xmp_of = lambda block: (LABEL, block), lambda number: (NAMESPACE, xmp(number))
    add("two EXIF, the first directory counts", of(exif_of(exif(3)), exif_of(exif(6))), 3)
    add("two EXIF, the first without", of(exif_of(tiff([])), exif_of(exif(6))), 1)
    add("an empty EXIF, then another", of(exif_of(b""), exif_of(exif(6))), 6)
    far = tiff([entry(0x0112, 3, 1, b"\6\0\0\0")], directory=40)
    add("EXIF in two segments", of(exif_of(far[:40]), exif_of(far[40:])), 6)
    add("EXIF cut within an entry, XMP between", of(exif_of(far[:46]), xmp_of(3), exif_of(far[46:])), 6)
    add("half an EXIF, XMP", of(exif_of(far[:40]), xmp_of(3)), 3)
    add("two XMP, the last counts", of(xmp_of(3), xmp_of(6)), 6)
    add("XMP before EXIF", of(xmp_of(6), exif_of(exif(3))), 3)
    add("no TIFF, XMP", of(exif_of(b"no TIFF block"), xmp_of(6)), 1)
    refuse("no TIFF, XMP, with a density", of(exif_of(b"no TIFF block"), xmp_of(6), dpi=(72, 72)), 1)
    add("another label", of((b"Exif\0\1", exif(6))), 1)
    add("three labels", of(exif_of(LABEL + LABEL + exif(6))), 1)
    add("EXIF in APP2", of(exif_of(exif(6)), marker=0xE2), 1)
    plain = jpeg(image)
    at = plain.index(b"\xff\xda")
    add("EXIF before the scan", plain[:at] + with_segment(b"\xff\xd8", LABEL, exif(6))[2:] + plain[at:], 6)
    thumbnail = tiff([])[:10] + struct.pack("<IH", 14, 1) + entry(0x0112, 3, 1, b"\6\0\0\0") + bytes(4)
    add("EXIF of the thumbnail alone", of(exif_of(thumbnail)), 1)
    add("XMP in single quotes", of((NAMESPACE, xmp(6).replace(b'"', b"'"))), 1)
    add("XMP with a space", of((NAMESPACE, b"<tiff:Orientation> 6</tiff:Orientation>")), 1)
    first, second = Image.Exif(), Image.fromarray(COLOR[::-1].copy())
    first[0x0112], second.encoderinfo = 6, {"exif": exif(3)}
    out = io.BytesIO()
    image.save(out, "MPO", save_all=True, append_images=[second], exif=first)
    assert Image.open(io.BytesIO(out.getvalue())).format == "MPO"
    add("two pictures (MPO)", out.getvalue(), 6)


def add_webps():
    image = Image.fromarray(COLOR)
    def of(**options):
        out = io.BytesIO()
        image.save(out, "WEBP", **options)
        return out.getvalue()

    pixels, turned = of()[12:], riff_chunk(b"EXIF", exif(6))
    head = lambda flags: riff_chunk(b"VP8X", bytes([flags, 0, 0, 0, 15, 0, 0, 7, 0, 0]))
    add("EXIF before XMP", of(exif=exif(6), xmp=xmp(3)), 6)
    add("EXIF that is not announced", webp_file(head(4), pixels, turned, riff_chunk(b"XMP ", xmp(3))), 3)
    add("nothing announced", webp_file(head(0), pixels, turned, riff_chunk(b"XMP ", xmp(3))), 1)
    add("XMP that is not announced", webp_file(head(8), pixels, riff_chunk(b"XMP ", xmp(3))), 1)
    add("EXIF in the simple form", webp_file(pixels, turned), 1)
    add("EXIF before the image", webp_file(head(8), turned, pixels), 6)
    add("two EXIF, the first counts", webp_file(head(8), pixels, turned, riff_chunk(b"EXIF", exif(3))), 6)
    add("an empty EXIF, then another", webp_file(head(8), pixels, riff_chunk(b"EXIF", b""), turned), 1)
    add("EXIF behind the container", webp_file(head(8), pixels) + turned, 1)
    unnamed = riff_chunk(b"EXIF", tiff([]))
    add("EXIF without orientation, XMP", webp_file(head(12), pixels, unnamed, riff_chunk(b"XMP ", xmp(6))), 6)
    frames = dict(save_all=True, append_images=[Image.fromarray(COLOR[::-1].copy())])
    add("an animation", of(exif=exif(6), **frames), 6)


def add_gifs():
    out = io.BytesIO()
    Image.fromarray(COLOR).quantize(8).save(out, "GIF")
    data, at = out.getvalue(), 13 + 3 * 8
    end = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    add("XMP of a GIF", data[:at] + b"!\xff\x0bXMP DataXMP" + xmp(6) + end + data[at:], 1)


for kind, write in dict(
    PNG=add_texts, TIFF=add_directories, APNG=add_animations, JPEG=add_jpegs, WebP=add_webps, GIF=add_gifs
).items():
    done = len(cases)
    write()
    for case in cases[done:]:
        case["name"] = f"{kind}: {case['name']}"
golden = dict(format="orientations", version=1, pillow=PIL.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "orientations.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
print(len(cases), "cases")
