"""The steps of a build in their order, with what the reader of the terminal sees of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from book import pdf
from book.errors import BookError
from book.execution import execute
from book.files import remove_others, write_if_changed
from book.keys import Code
from book.notebooks import Page, all_pages
from book.places import BOOK, build_folder
from book.sources import STAMPS, Tree
from book.stamps import code_hash, site_hash
from book.stored import Job, job_for
from tools.locking import locked

MOST_MEGABYTES = 3.0
"""What a page may weigh with its pictures; scripts and styles, which pages share, not counted."""

PAGES_OF_SPHINX = ("genindex.html", "py-modindex.html", "search.html")
"""Pages of the site that Sphinx makes from no source."""

_STATUS = re.compile(r"^([a-z][a-z ,]+?)\.\.\. \[ *(\d+)%\] ?(.*)$")


def build(
    only: Sequence[str] = (), *, jobs: int = 2, fresh: bool = False, with_pdf: bool = True
) -> Path:
    """Build the book and return the folder of the site.

    Parameters
    ----------
    only : sequence of str
        Numbers of chapters to execute where they are stale; all if none is given. Others show the
        results that they have, and are executed where they have none.
    jobs : int
        How many notebooks run side by side, and how many processes Sphinx uses.
    fresh : bool
        Whether to execute and to build everything again.
    with_pdf : bool
        Whether to make the PDF as well.

    Raises
    ------
    BookError
        If a step fails; the message says why and what to do.
    """
    folder = build_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        started = time.monotonic()
        _execute(only, folder, jobs, fresh)
        if fresh:
            (folder / STAMPS).unlink(missing_ok=True)
            remove_others(folder / "doctrees", ())
            remove_others(folder / "html", ())
        site = _site(folder, jobs)
        _pdf(folder, site, wanted=with_pdf and not only)
        print(f"Done in {_time(time.monotonic() - started)}: {_shown(site / 'index.html')}")
    return site


def _execute(only: Sequence[str], folder: Path, workers: int, fresh: bool) -> None:
    """Execute what is stale, and say why."""
    pages = [page for page in all_pages() if page.is_executed]
    numbers = sorted({page.number for page in pages})
    for word in only:
        if word not in numbers:
            raise BookError(f"There is no chapter {word!r}; expected one of {', '.join(numbers)}.")
    executed, code = folder / "executed", Code()
    stale, left = [], []
    for page in pages:
        asked = not only or page.number in only
        job = job_for(page, executed, code, fresh and asked)
        if job is not None:
            (stale if asked or not job.has_results else left).append(job)
    if left:
        print(f"  {len(left)} other notebooks show results of an earlier state.")
    if not stale:
        print(f"1 Notebooks: {len(pages) - len(left)} results are up to date.")
        return
    print(f"1 Notebooks: {len(stale)} of {len(pages)} to execute.", flush=True)
    for job in stale:
        print(f"  {job.page.docname}: {job.reason}")
    with _bar(sum(job.cells for job in stale), "executing", "cells") as bar:
        _with_bar(stale, executed, workers, bar)


def _with_bar(stale: Sequence[Job], executed: Path, workers: int, bar: tqdm) -> None:
    lock = threading.Lock()
    left = {job.page.docname for job in stale}

    def on_cell(page: Page) -> None:
        with lock:
            bar.set_postfix_str(page.docname, refresh=False)
            bar.update()

    def on_done(page: Page, seconds: float) -> None:
        left.discard(page.docname)
        bar.write(f"  {page.docname}: {seconds:.0f} s, {len(left)} left", file=sys.stderr)

    execute(stale, executed, workers, on_cell, on_done)


def _bar(total: int, what: str, unit: str) -> tqdm:
    return tqdm(
        total=total, desc=f"  {what}", unit=f" {unit}", mininterval=0.5, leave=False, disable=None
    )


# Steps 2 and 3


def _site(folder: Path, jobs: int) -> Path:
    tree = Tree(folder)
    with _bar(len(all_pages()) + 1, "writing", "pages") as bar:

        def on_page(docname: str) -> None:
            bar.set_postfix_str(docname, refresh=False)
            bar.update()

        changed = tree.write(on_page)
    count = sum(1 for name in changed if not name.startswith("_static/"))
    print(f"2 Pages: {count} changed.", flush=True)
    site, stamp_path, stamp = folder / "html", folder / "site.stamp", code_hash()
    if not stamp_path.is_file() or stamp_path.read_text(encoding="utf-8") != stamp:
        remove_others(folder / "doctrees", ())  # Sphinx knows pages by their sources alone
    run_sphinx(tree.source, site, folder / "doctrees", jobs)
    write_if_changed(stamp_path, stamp)
    _sweep(tree.source, site)
    check_weights(site)
    print(f"3 Site: {sum(1 for _ in site.rglob('*.html'))} pages in {_shown(site)}")
    return site


def run_sphinx(source: Path, site: Path, doctrees: Path, jobs: int) -> None:
    """Run Sphinx with warnings as errors and all references checked.

    Raises
    ------
    BookError
        If Sphinx warns or fails; the message holds its warnings.
    """
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-n"]
    command += ["--color" if sys.stderr.isatty() else "--no-color", "-j", str(jobs)]
    command += ["-d", str(doctrees), "-c", str(BOOK), str(source), str(site)]
    environ = {**os.environ, "BOOK_BUILD": str(source.parent), "PYTHONUNBUFFERED": "1"}
    complaints: list[str] = []
    with subprocess.Popen(
        command,
        cwd=BOOK.parent,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        reader = threading.Thread(target=lambda: complaints.extend(process.stderr), daemon=True)
        reader.start()
        try:
            tail = _follow(process)
            reader.join()
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        said = "".join(complaints).strip() or "\n".join(tail)
        raise BookError(
            f"Sphinx ended with code {code}; a warning counts as an error here.\n{said}\n"
            f"Pages as Sphinx reads them are in {_shown(source)}; mend what they are made from."
        )


def _follow(process: subprocess.Popen) -> list[str]:
    """Show the progress of Sphinx as a bar for each of its phases; return its last lines."""
    tail: deque[str] = deque(maxlen=15)
    bar, showing = None, ""
    try:
        for line in process.stdout:
            line = line.strip()
            if line:
                tail.append(line)
            if (found := _STATUS.match(line)) is None:
                continue
            phase, done, what = found[1], int(found[2]), found[3]
            if phase != showing:
                if bar is not None:
                    bar.close()
                bar, showing, before = _bar(100, phase, "%"), phase, 0
            bar.set_postfix_str(what[:40], refresh=False)
            bar.update(done - before)  # a bar that is not shown does not count
            before = done
    finally:
        if bar is not None:
            bar.close()
    return list(tail)


def _sweep(source: Path, site: Path) -> None:
    """Remove pages and pictures of the site whose source is gone: Sphinx leaves them there."""
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site)
        if name.parts[0] == "_static" or name.as_posix() in PAGES_OF_SPHINX:
            continue
        stem = str(source / name).removesuffix(".html")
        if not any(Path(stem + suffix).is_file() for suffix in (".ipynb", ".md", ".rst")):
            path.unlink()
    static = Path("_static", "pictures")
    kept = [path.relative_to(source) for path in (source / static).rglob("*") if path.is_file()]
    remove_others(site / static, [site / path for path in kept])


def check_weights(site: Path, most: float = MOST_MEGABYTES) -> None:
    """Refuse pages that are too heavy for a slow connection, with all their pictures.

    Raises
    ------
    BookError
        If there is one.
    """
    for path in sorted(site.rglob("*.html")):
        docname = path.relative_to(site).with_suffix("").as_posix()
        folder = site / "_static" / "pictures" / docname
        files = [path, *(file for file in folder.glob("*") if file.is_file())]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        if megabytes > most:
            raise BookError(
                f"{docname} weighs {megabytes:.2f} MB with its {len(files) - 1} pictures; a page "
                f"may weigh {most:g} MB. Give a figure fewer frames (steps of its LiveFigure)."
            )


# Step 4


def _pdf(folder: Path, site: Path, wanted: bool = True) -> None:
    """Print the PDF, unless it shows the site as it is now; pages link to one that does."""
    target, stamp_path = folder / "unrolled.pdf", folder / "pdf.stamp"
    pdf.offer(site, None)
    stamp = site_hash(site) + code_hash()
    known = stamp_path.read_text(encoding="utf-8") if stamp_path.is_file() else ""
    if target.is_file() and known == stamp:
        print("4 PDF: up to date.")
    elif wanted and pdf.build(site, target):
        write_if_changed(stamp_path, stamp)
        print(f"4 PDF: {_shown(target)}, {target.stat().st_size / 1e6:.1f} MB")
    else:
        return
    pdf.offer(site, target)


def _shown(path: Path) -> str:
    """Return a path as it is typed from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
