"""What the scripts here and in ../Corpus write image files with: PNG by hand, JPEG by Pillow, EXIF and XMP."""

import base64
import io
import struct
import zlib

import numpy as np

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def text(data):
    return base64.b64encode(bytes(data)).decode()


def picture(random, height, width, channels):
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(x / (3 + c) + c) + 30 * np.cos(y / (2 + c)) for c in range(channels)]
    return np.clip(np.stack(waves, -1) + 8 * random.randn(height, width, channels), 0, 255).astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def rows(samples, depth):
    """Samples [height, width, channels] as PNG scan lines with filter 0."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            line = flat.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(value), f"0{depth}b") for value in flat)
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        out += b"\0" + line
    return out


def png(samples, depth, color_type, before=b"", behind=b"", interlaced=False, level=9):
    """A PNG with other chunks before its image data and behind them."""
    height, width, _ = samples.shape
    data = rows(samples, depth)
    if interlaced:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        data = b"".join(rows(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    image = chunk(b"IDAT", zlib.compress(data, level))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + image + behind + chunk(b"IEND", b"")


def text_chunk(keyword, value, compressed=False):
    """tEXt or zTXt."""
    content = b"\0" + zlib.compress(value) if compressed else value
    return chunk(b"zTXt" if compressed else b"tEXt", keyword + b"\0" + content)


def international_chunk(keyword, value, flag=0, method=0, language=b""):
    """iTXt, compressed where the flag is not 0."""
    content = zlib.compress(value) if flag else value
    return chunk(b"iTXt", keyword + b"\0" + bytes([flag, method]) + language + b"\0\0" + content)


def profile(block, name="exif"):
    """A profile in ImageMagick's form: its name, its length, and lines of hexadecimal digits."""
    digits = block.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return f"\n{name}\n{len(block):8}\n{chr(10).join(lines)}\n".encode()


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def with_segment(data, label, content, marker=0xE1):
    """A JPEG with one more segment, APP1 by default, behind its first marker."""
    segment = label + content
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def riff_chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webp_file(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def entry(tag, kind, count, value, order="<"):
    """An entry of a TIFF directory; the value or its place takes four bytes."""
    return struct.pack(order + "HHI", tag, kind, count) + value


def tiff(entries, behind=b"", order="<", directory=8):
    """A TIFF block of one directory; what stands behind it begins at 14 + 12 * entries."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = mark + struct.pack(order + "I", directory)
    return start + bytes(directory - 8) + struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4) + behind


def exif(orientation, order="<", kind=3, more=True):
    """A TIFF block: perhaps a maker's name before, and the orientation as SHORT (3) or LONG (4)."""
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *([orientation, 0] if kind == 3 else [orientation]))
    entries = [entry(0x010F, 2, 4, b"abc\0", order)] if more else []
    return tiff(entries + [entry(0x0112, kind, 1, value, order)], order=order)


def xmp(orientation, element=False):
    value = f">{orientation}</tiff:Orientation>" if element else f'="{orientation}"'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation{value}/></x:xmpmeta>'.encode()
