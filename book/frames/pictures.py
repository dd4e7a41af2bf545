"""Frames as small files: WebP without loss, after the colours are rounded."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

LEVELS = 26
"""Levels of each colour that are left: at most 5 of 255 off, not seen, a third of the bytes."""

_ROUNDED = np.round(np.round(np.arange(256) * (LEVELS - 1) / 255) * 255 / (LEVELS - 1)).astype(
    np.uint8
)


def encode_webp(pixels: np.ndarray) -> bytes:
    """Encode a picture of lines, letters and few colours.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width, 3) or (height, width, 4)
        The opacity, if any, is dropped.

    Returns
    -------
    bytes
    """
    with io.BytesIO() as file:
        picture = Image.fromarray(_ROUNDED[pixels[..., :3]])
        picture.save(file, "WEBP", lossless=True, quality=60, method=3)
        return file.getvalue()
