"""Writes resizing.json: small images, and what Pillow's Image.resize makes of them.

    pip install pillow==13.0.0 numpy
    python make_resizing.py
"""

import base64
import json
import os

import numpy as np
import PIL
from PIL import Image

random = np.random.RandomState(3)
cases = []


def add(width, height, new_width, new_height, code, samples):
    resized = Image.fromarray(samples).resize((new_width, new_height), code)
    cases.append(
        dict(
            width=width,
            height=height,
            newWidth=new_width,
            newHeight=new_height,
            filter=code,
            rgb=base64.b64encode(samples.tobytes()).decode(),
            resized=base64.b64encode(resized.tobytes()).decode(),
        )
    )


# Noise of full contrast, so that the negative lobes of the filters are clipped at both ends.
for code in range(6):
    for width, height, new_width, new_height in [(1, 1, 3, 2), (9, 7, 1, 1), (8, 5, 8, 9), (7, 6, 13, 6)]:
        add(width, height, new_width, new_height, code, random.randint(0, 2, (height, width, 3)).astype(np.uint8) * 255)
    for _ in range(8):
        width, height, new_width, new_height = (int(size) for size in random.randint(1, 24, 4))
        add(width, height, new_width, new_height, code, random.randint(0, 256, (height, width, 3)).astype(np.uint8))
    add(3, 40, 5, 4, code, random.randint(0, 256, (40, 3, 3)).astype(np.uint8))  # columns first
    add(40, 3, 4, 5, code, random.randint(0, 256, (3, 40, 3)).astype(np.uint8))

golden = dict(format="resizing", version=1, pillow=PIL.__version__, cases=cases)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resizing.json"), "w") as file:
    json.dump(golden, file, indent=0)
    file.write("\n")
