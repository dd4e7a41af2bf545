"""Visit every page of the built book once and write down all that the tests ask for.

One visit answers many questions, so that a page is loaded and typeset once: each page is opened
from its file in a wide window, narrowed to a phone, and looked at by axe-core in light and dark.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from tools.browser import find_chromium, flags

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
PATIENCE = 60_000  # milliseconds for one step of one page on a busy machine

# axe-core's two graver levels, and its rules that ask for colours, in light and in dark.
GRAVE = ("serious", "critical")
COLOUR_RULES = {"color-contrast": "[data-looked]", "link-in-text-block": "a[href][data-looked]"}

# The reference of functions is one template filled in some hundred times: axe looks at its longest
# pages, and all else is looked at on all.
REFERENCE, REFERENCE_FOR_AXE = "api/", 30


@dataclass
class Visit:
    """What was seen on one page.

    Attributes
    ----------
    page : str
        Path of the page below the folder of the site.
    outside : list of str
        Addresses that are neither below the folder of the site nor data within the page.
    missing : list of str
        Addresses that could not be loaded, and pictures that hold nothing.
    console : list of str
        Errors and warnings of the console, and errors of scripts.
    formulas : int
        Formulas that were typeset.
    raw : list of str
        Formulas that were not, as text.
    unsettable : list of str
        Formulas that MathJax could not read.
    light, dark : list of str
        What axe-core finds serious or critical.
    wide : list of str
        What is cut off or makes the page scroll sideways on a phone.
    still : list of str
        Sliders that do not change their picture by keyboard.
    sliders : int
        Sliders that were tried.
    problem : str
        Why the visit ended early, if it did.
    """

    page: str
    outside: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    formulas: int = 0
    raw: list[str] = field(default_factory=list)
    unsettable: list[str] = field(default_factory=list)
    light: list[str] = field(default_factory=list)
    dark: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    still: list[str] = field(default_factory=list)
    sliders: int = 0
    problem: str = ""


# Everything that can be unfolded is unfolded, so that it is looked at as well. Colours change at
# once: half way from light to dark their contrast is neither's.
SETTLE = """async () => {
  const style = document.createElement("style");
  style.textContent = "* { transition: none !important; animation: none !important }";
  document.head.append(style);
  if (window.MathJax) await window.MathJax.startup.promise;
  for (const details of document.querySelectorAll("details")) details.open = true;
  const pictures = [...document.images].filter((image) => image.src);
  for (const image of pictures) image.loading = "eager";
  await Promise.all(pictures.map((image) => image.decode().catch(() => null)));
  return pictures.filter((image) => !image.naturalWidth).map((image) => image.src);
}"""

MATHEMATICS = r"""() => {
  const raw = [];
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const skipped = "script, style, noscript, code, pre, mjx-container, textarea";
  while (words.nextNode()) {
    const text = words.currentNode.textContent;
    if (!/\$[^\s$][^$]*\$|\\\(|\\\[|\\(frac|sum|partial|mathrm|sigma|tanh)\b/.test(text)) continue;
    if (!words.currentNode.parentElement.closest(skipped)) raw.push(text.trim().slice(0, 80));
  }
  // A command that MathJax does not know is shown as it was typed, in the place of a symbol.
  const unread = [...document.querySelectorAll("g[data-mjx-error]")];
  const unknown = [...document.querySelectorAll("mjx-assistive-mml mtext")];
  return {
    formulas: document.querySelectorAll("mjx-container").length,
    raw,
    unsettable: [
      ...unread.map((node) => node.getAttribute("data-mjx-error")),
      ...unknown.map((node) => node.textContent).filter((text) => text.startsWith("\\")),
    ],
  };
}"""

# The glyphs of formulas and the words of code are most of what a page consists of. The former are
# no matter of axe's; of words in one colour the first two stand for all.
THIN_OUT = """() => {
  for (const formula of document.querySelectorAll("mjx-container")) formula.replaceChildren("x");
  const seen = {};
  for (const word of document.querySelectorAll(".highlight pre span")) {
    const kind = `${word.className} in ${word.closest(".highlight").parentElement.className}`;
    seen[kind] = (seen[kind] || 0) + 1;
    if (seen[kind] > 2) word.replaceWith(...word.childNodes);
  }
}"""

# Texts of one colour, ground, size and weight have one contrast: the first two that are shown stand
# for all, in the whole book. What surrounds a link must be told from it as well.
MARK_COLOURS = """(known) => {
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      const plain = ["rgba(0, 0, 0, 0)", "transparent"].includes(style.backgroundColor);
      if (!plain || style.backgroundImage !== "none" || style.opacity !== "1") {
        return [style.backgroundColor, style.backgroundImage, style.opacity, style.filter].join();
      }
    }
    return "";
  };
  for (const node of document.querySelectorAll("[data-looked]")) delete node.dataset.looked;
  const seen = {};
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!text && !node.matches("input")) continue;
    if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(node);
    const link = node.closest("a");
    const around = link ? `link in ${getComputedStyle(link.parentElement).color}` : "";
    const kind = [color, fontSize, fontWeight, textDecorationLine, around, ground(node)].join();
    seen[kind] = (seen[kind] || 0) + 1;
    if (seen[kind] > 2 || known.includes(kind)) continue;
    for (const one of [node, link]) if (one) one.dataset.looked = "yes";
  }
  return Object.keys(seen).filter((kind) => !known.includes(kind));
}"""

# The rules of colours look at the marked texts alone, all others at the whole page.
NARROW = """(rules) => axe.configure({ rules: Object.entries(rules).map(
  ([id, selector]) => ({ id, selector })) })"""

FAULTS = """async ([rules, grave]) => {
  // Without preloading: axe would fetch style sheets anew, which a page of a file may not.
  const options = { resultTypes: ["violations"], preload: false };
  if (rules.length) options.runOnly = { type: "rule", values: rules };
  const found = await window.axe.run(document, options);
  return found.violations.filter((fault) => grave.includes(fault.impact)).map((fault) => {
    const node = fault.nodes[0];
    return `${fault.id} at ${fault.nodes.length} places, first ${node.html.slice(0, 160)}: `
      + `${(node.any[0] || node.all[0] || node.none[0] || {}).message || fault.help}`;
  });
}"""

WIDER_THAN_THE_WINDOW = """() => {
  const limit = document.documentElement.clientWidth;
  const scrolls = (node) => {
    for (let box = node.parentElement; box; box = box.parentElement) {
      if (box === document.body) return false;
      const style = getComputedStyle(box);
      if (["auto", "scroll"].includes(style.overflowX)) return true;
      if (style.position === "fixed" || style.visibility === "hidden") return true;
    }
    return false;
  };
  const found = [];
  if (document.documentElement.scrollWidth > limit) {
    found.push(`the page is ${document.documentElement.scrollWidth} pixels wide`);
  }
  for (const node of document.querySelectorAll(".bd-article *")) {
    const place = node.getBoundingClientRect();
    const over = place.width && place.right > limit + 1 && !node.closest("mjx-container");
    if (over && !scrolls(node)) {
      found.push(`${node.tagName} ${node.className} ends at ${Math.round(place.right)}`);
    }
  }
  return found.slice(0, 5);
}"""

PLAYERS = """() => [...document.querySelectorAll(".unrolled-player")].flatMap((player, number) =>
  [...player.querySelectorAll("input[type=range]")].map((slider, place) => [number, place, slider])
    .filter(([,, slider]) => !slider.disabled).map(([number, place]) => [number, place]))"""

# What a step of a slider must change, and what a screen reader is told of it.
STATE = """([number, place]) => {
  const player = document.querySelectorAll(".unrolled-player")[number];
  const slider = player.querySelectorAll("input[type=range]")[place];
  const picture = player.querySelector("img");
  return {
    title: player.getAttribute("aria-label") || slider.id,
    picture: picture.currentSrc || picture.src,
    drawn: picture.complete && picture.naturalWidth > 0,
    text: slider.getAttribute("aria-valuetext"),
    focused: document.activeElement === slider,
    last: Number(slider.max),
    value: Number(slider.value),
  };
}"""
FOCUS = """([number, place]) => document.querySelectorAll(".unrolled-player")[number]
  .querySelectorAll("input[type=range]")[place].focus()"""


def pages_of(site: Path) -> list[str]:
    """List every page of the site, the heavy ones first so that no tab is left with one."""
    found = sorted(site.rglob("*.html"), key=lambda path: (-path.stat().st_size, path))
    return [path.relative_to(site).as_posix() for path in found if "_static" not in path.parts]


def visit_all(site: Path, pages: Sequence[str]) -> dict[str, Visit]:
    """Visit pages of a site in as many tabs as there are processors, four at most.

    A thread of its own carries the event loop, since pytest's may run one of Playwright's.

    Parameters
    ----------
    site : Path
        Folder of the built site.
    pages : sequence of str
        Paths below it.

    Returns
    -------
    visits : dict
        From page to what was seen there, in the order of `pages`.
    """
    seen: dict[str, Visit] = {}
    failure: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_visit_all(site.resolve(), pages, seen))
        except BaseException as error:  # handed to the thread that waits
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return {page: seen[page] for page in pages}


async def _visit_all(site: Path, pages: Sequence[str], seen: dict[str, Visit]) -> None:
    from playwright.async_api import async_playwright

    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    left = iter(pages)
    known: set[str] = set()
    plain = [name for name in pages if name.startswith(REFERENCE)][REFERENCE_FOR_AXE:]
    async with async_playwright() as playwright:
        options = [*flags(), "--disable-gpu"]  # painting by software without the detour
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=options)

        async def work() -> None:
            context = await browser.new_context(viewport=WIDE, color_scheme="light", offline=True)
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
            for name in left:
                seen[name] = await _visit(page, site, name, "" if name in plain else axe, known)
            await context.close()

        await asyncio.gather(*(work() for _ in range(min(4, os.cpu_count() or 1))))
        await browser.close()


async def _visit(page: Any, site: Path, name: str, axe: str, known: set[str]) -> Visit:
    from playwright.async_api import Error

    visit = Visit(name)
    own = site.as_uri() + "/"

    def on_request(request: Any) -> None:
        if not request.url.startswith((own, "data:", "blob:")):
            visit.outside.append(request.url)

    def on_failure(request: Any) -> None:
        visit.missing.append(request.url)

    def on_console(message: Any) -> None:
        if message.type in ("error", "warning"):
            visit.console.append(f"{message.type}: {message.text}")

    def on_error(error: Any) -> None:
        visit.console.append(f"script: {error}")

    listeners = {
        "request": on_request,
        "requestfailed": on_failure,
        "console": on_console,
        "pageerror": on_error,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    try:
        await page.set_viewport_size(WIDE)
        await page.goto((site / name).as_uri())
        await _look(page, visit, axe, known)
    except Error as error:
        visit.problem = error.message
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
    return visit


async def _look(page: Any, visit: Visit, axe: str, known: set[str]) -> None:
    visit.missing += await page.evaluate(SETTLE)
    mathematics = await page.evaluate(MATHEMATICS)
    visit.formulas = mathematics["formulas"]
    visit.raw, visit.unsettable = mathematics["raw"], mathematics["unsettable"]
    await _step_players(page, visit)
    await page.set_viewport_size(PHONE)
    visit.wide = await page.evaluate(WIDER_THAN_THE_WINDOW)
    if not axe:
        return
    await page.set_viewport_size(WIDE)
    await page.evaluate(THIN_OUT)
    await page.evaluate(axe)
    await page.evaluate(NARROW, COLOUR_RULES)
    new = await page.evaluate(MARK_COLOURS, sorted(known))
    visit.light = await page.evaluate(FAULTS, [[], GRAVE])
    await page.evaluate("document.documentElement.dataset.theme = 'dark'")
    if not visit.light:  # a fault is told of every page that has it
        known.update(new)
    if new := await page.evaluate(MARK_COLOURS, sorted(known)):
        visit.dark = await page.evaluate(FAULTS, [list(COLOUR_RULES), GRAVE])
        known.update([] if visit.dark else new)


async def _step_players(page: Any, visit: Visit) -> None:
    """Move every slider by its keys, and look at its picture and at what is said of it."""
    for place in await page.evaluate(PLAYERS):
        visit.sliders += 1
        await page.evaluate(FOCUS, place)
        before = await page.evaluate(STATE, place)
        there = before["value"] < before["last"]
        await page.keyboard.press("ArrowRight" if there else "ArrowLeft")
        after = await _changed(page, place, before)
        if after["text"] == before["text"]:
            visit.still.append(f"{before['title']}: after one key it still says {before['text']!r}")
        if after["picture"] == before["picture"]:  # neighbours may look the same, the ends may not
            await page.keyboard.press("End" if there else "Home")
            after = await _changed(page, place, before)
        if after["picture"] == before["picture"] or not after["drawn"] or not after["focused"]:
            visit.still.append(f"{before['title']}: no other picture by keyboard, but {after}")


async def _changed(page: Any, place: list[int], before: dict[str, Any]) -> dict[str, Any]:
    """Wait until another picture is drawn, two seconds at most; give what there is then."""
    for _ in range(40):
        state = await page.evaluate(STATE, place)
        if state["picture"] != before["picture"] and state["drawn"]:
            break
        await page.wait_for_timeout(50)
    return state
