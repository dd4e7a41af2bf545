"""Chromium or Chrome on this machine, as tests and the printing of the book start it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    # On macOS and Windows the installers put it where no PATH leads.
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
VARIABLE = "UNROLLED_CHROMIUM"  # names one in an unusual place


def find_chromium() -> str | None:
    """Give the path of a Chromium or Chrome on this machine, or None."""
    named = os.environ.get(VARIABLE)
    names = [named] if named else NAMES
    return next((found for name in names if (found := shutil.which(name))), None)


def why_none() -> str:
    """Say why `find_chromium` gave None, and what helps, in half a sentence."""
    named = os.environ.get(VARIABLE)
    hint = f"names {named!r}, which is no program here" if named else "can name one"
    return f"no Chromium or Chrome was found; {VARIABLE} {hint}"


def flags() -> list[str]:
    """Give the arguments that Chromium is started with here."""
    found = ["--disable-dev-shm-usage", "--disable-background-networking"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        found.append("--no-sandbox")
    return found


@contextmanager
def chromium() -> Iterator[Any]:
    """Start headless Chromium, and end it afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags())
        try:
            yield browser
        finally:
            browser.close()
