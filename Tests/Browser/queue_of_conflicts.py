"""A queue of conflicts with drawn photographs, for trying the review page: standard library alone."""
import json
import math
import os
import struct
import zlib

LABELS = ["falsified", "pristine"]


def png(path, width, height, pixel):
    """Writes an RGB image; pixel(x, y) gives three values in 0...255."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in pixel(x, y)) for y in range(height))

    def chunk(kind, body):
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 6))
                   + chunk(b"IEND", b""))


def landscape(path, number):
    """Hills under a sky, upright for every fifth item."""
    width, height = (240, 360) if number % 5 == 4 else (360, 240)

    def pixel(x, y):
        ridge = height * (0.55 + 0.12 * math.sin(x / 37 + number) + 0.05 * math.sin(x / 11 + 2 * number))
        sun = math.hypot(x - width * (0.2 + number % 7 / 10), y - height * 0.25) < 18
        if y > ridge:
            shade = (y - ridge) / height
            return 60 - int(40 * shade), 130 - int(90 * shade) + number % 40, 70
        return (255, 220, 120) if sun else (120 + y // 3, 170 + y // 6, 235)

    png(path, width, height, pixel)


def write(folder, count):
    """Writes queue.jsonl and photos/ into a folder: `count` conflicts between three teachers, every tenth from the fifth on with
    two photos that were found for its own."""
    photos = os.path.join(folder, "photos")
    os.makedirs(photos, exist_ok=True)
    rows = []
    for number in range(count):
        image = f"{number}.png"
        landscape(os.path.join(photos, image), number % 10)
        found = [f"{(number + step) % 10}.png" for step in (1, 3)]
        says = ["falsified", "pristine", "pristine" if number % 2 else "falsified"]
        reasons = {
            "falsified": f"The caption speaks of the harbour in week {number}, but hills without any water are seen.",
            "pristine": f"The light and the hills fit the caption of week {number}; nothing contradicts it.",
        }
        rows.append({
            "item": f"item-{number}", "label": "",
            "image": {"photo": [image], "found": found} if number % 10 == 4 else image,
            "fields": {
                "text": f"Evening over the valley, in week {number} of the year",
                "evidence": "A page of that week shows the same ridge <b>from the south</b>." if number % 3 else "",
            },
            "teachers": {
                name: {"label": label, "rationale": reasons[label], "confidence": None if name == "ada" else 0.8}
                for name, label in zip(["ada", "bert", "cleo"], says)
            },
        })
    path = os.path.join(folder, "queue.jsonl")
    with open(path, "w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path, photos


def write_escaping(folder, photos):
    """A queue whose photographs lie outside the image folder: by steps, by an absolute path, by a link."""
    outside = os.path.join(folder, "outside.png")
    landscape(outside, 1)
    link = os.path.join(photos, "link.png")
    if not os.path.islink(link):
        os.symlink(outside, link)
    images = ["../outside.png", outside, "link.png", "/etc/passwd", "a/../../outside.png", "missing.png"]
    path = os.path.join(folder, "escaping.jsonl")
    teachers = {"ada": {"label": LABELS[0]}, "bert": {"label": LABELS[1]}}
    with open(path, "w") as file:
        for image in images:
            row = {"item": image, "image": image, "fields": {"text": image}, "teachers": teachers}
            file.write(json.dumps(row) + "\n")
    return path, images
