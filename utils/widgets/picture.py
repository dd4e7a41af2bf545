"""A picture in the notebook that has an alternative text and can change many times a second."""

from __future__ import annotations

import struct
import zlib

import anywidget
import numpy as np
import traitlets

# The browser shows the old picture until the new one has been loaded, and decodes that in the
# frame that shows it, so nothing flickers or jumps; then the old one's memory is released. The
# hidden status line lets a screen reader say the new finding, once the control has come to rest;
# sliders have a visible label but no name that a screen reader could say, so they are given it.
_JAVASCRIPT = """
function render({ model, el }) {
  const image = document.createElement("img");
  const urls = [];
  let announcing = null;
  image.className = "unrolled-picture";
  image.decoding = "sync";
  image.draggable = false;
  image.alt = model.get("alt");
  image.style.width = model.get("width") + "px";
  const status = document.createElement("span");
  status.className = "unrolled-status";
  status.setAttribute("role", "status");
  const paint = () => {
    const bytes = model.get("png");
    if (!bytes || bytes.byteLength === 0) return;
    urls.push(URL.createObjectURL(new Blob([bytes], { type: "image/png" })));
    image.src = urls.at(-1);
  };
  image.addEventListener("load", () => {
    while (urls.length > 1 && urls[0] !== image.src) URL.revokeObjectURL(urls.shift());
    nameSliders();
  });
  const describe = () => {
    image.alt = model.get("alt");
    clearTimeout(announcing);
    announcing = setTimeout(() => { status.textContent = model.get("alt"); }, 600);
  };
  const nameSliders = () => {
    const group = el.closest(".unrolled-live");
    if (!group) return;
    for (const handle of group.querySelectorAll('[role="slider"]:not([aria-label])')) {
      const label = handle.closest(".widget-inline-hbox")?.querySelector(".widget-label");
      if (label) handle.setAttribute("aria-label", label.textContent);
    }
  };
  const tellRatio = () => {
    const ratio = Math.min(Math.max(window.devicePixelRatio || 1, 1), 2);
    if (ratio !== model.get("pixel_ratio")) {
      model.set("pixel_ratio", ratio);
      model.save_changes();
    }
  };
  el.append(image, status);
  paint();
  tellRatio();
  const naming = setTimeout(nameSliders, 1000);
  model.on("change:png", paint);
  model.on("change:alt", describe);
  return () => {
    clearTimeout(announcing);
    clearTimeout(naming);
    model.off("change:png", paint);
    model.off("change:alt", describe);
    urls.forEach((url) => URL.revokeObjectURL(url));
  };
}
export default { render };
"""

_STYLE_SHEET = """
.unrolled-picture { display: block; max-width: 100%; height: auto; background: white; }
.unrolled-status {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
"""


class Picture(anywidget.AnyWidget):
    """Show PNG bytes as an ``<img>`` with alternative text.

    Attributes
    ----------
    png : bytes
        The encoded picture; set it together with `alt` under ``hold_sync()``.
    alt : str
        What the picture shows.
    width : int, in CSS pixels
        How wide it is shown where there is room.
    pixel_ratio : float in [1, 2]
        Set by the browser: screen pixels per CSS pixel, so that a picture can be drawn sharp.
    """

    _esm = _JAVASCRIPT
    _css = _STYLE_SHEET
    png = traitlets.Bytes(b"").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    width = traitlets.Int(600).tag(sync=True)
    pixel_ratio = traitlets.Float(1.0).tag(sync=True)

    def __repr__(self) -> str:
        return f"Picture({self.alt!r})"


def encode_png(rgba: np.ndarray) -> bytes:
    """Encode a picture as PNG in the fastest way that every browser reads.

    The opacity is dropped, each row is stored as its difference from the row above, and zlib
    works at level 1: about half the time of a general encoder for a figure of lines.

    Parameters
    ----------
    rgba : array of uint8, shape (height, width, 3) or (height, width, 4)
        Rows of pixels from the top.

    Returns
    -------
    png : bytes

    Raises
    ------
    ValueError
        If `rgba` is not such an array.
    """
    pixels = np.asarray(rgba)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(
            f"rgba is {pixels.dtype} of shape {pixels.shape};"
            " expected uint8 of shape (height, width, 3) or (height, width, 4)."
        )
    height, width = pixels.shape[:2]
    rows = np.empty((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = 2  # filter "up"
    for colour in range(3):  # one colour at a time: no copy of the whole picture is made
        rows[0, 1 + colour :: 3] = pixels[0, :, colour]
        np.subtract(pixels[1:, :, colour], pixels[:-1, :, colour], out=rows[1:, 1 + colour :: 3])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows, 1)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
