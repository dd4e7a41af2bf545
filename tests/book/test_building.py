"""The build as a whole: its command line, its order, and what stops it."""

import pytest

from book import __main__ as command
from book import api, building
from book.building import build, check_weights, run_sphinx
from book.errors import BookError
from book.notebooks import Page
from book.places import ROOT
from book.sources import STAMPS
from book.stored import Job


def page(number):
    path = ROOT / "chapters" / f"{number}_x.ipynb"
    return Page("chapter", f"{number}_x", f"chapters/{number}_x", path, number, "X", "", "")


PAGES = [page("01"), page("02"), page("03")]


# The command line


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for word in ("make book ONLY=05", "--no-pdf", "BOOK_REPOSITORY", "exit codes", "index.html"):
        assert word in text


@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        ([], {}, ([], 2, False, True)),
        (["--only", "5", "--only", "07"], {}, (["05", "07"], 2, False, True)),
        (["--no-pdf", "--jobs", "4", "--fresh"], {}, ([], 4, True, False)),
        (
            [],
            {"ONLY": "5,07", "PDF": "0", "JOBS": "3", "FRESH": "1"},
            (["05", "07"], 3, True, False),
        ),
    ],
)
def test_words_and_variables_say_the_same(monkeypatch, argv, environ, expected):
    calls = []
    monkeypatch.setattr(
        building,
        "build",
        lambda only, jobs, fresh, with_pdf: calls.append((only, jobs, fresh, with_pdf)),
    )
    for name in ("ONLY", "PDF", "JOBS", "FRESH"):
        monkeypatch.setenv(name, environ.get(name, ""))
    assert command.main(argv) == 0
    assert calls == [expected]


@pytest.mark.parametrize("number", ["0", "-1", "many", "65"])
def test_a_number_of_jobs_that_makes_no_sense_is_refused(capsys, number):
    with pytest.raises(SystemExit):
        command.main([f"--jobs={number}"])
    assert f"{number!r} is not a number from 1 to 64" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BookError("Chapter 05 fails."), 1, "error: Chapter 05 fails.\n"),
        (KeyboardInterrupt(), 130, "the next build goes on"),
    ],
)
def test_a_build_that_stops_says_so_and_no_more(monkeypatch, capsys, error, code, said):
    def stop(*_, **__):
        raise error

    monkeypatch.setattr(building, "build", stop)
    assert command.main([]) == code
    assert said in capsys.readouterr().err


# Which notebooks are executed


@pytest.fixture
def executed(monkeypatch, tmp_path):
    """Return a function that builds with everything but step 1 left out, and what was executed.

    Of three chapters 01 and 02 are stale, and 02 has no results at all.
    """
    ran = []

    def job_for(page, folder, code, fresh):
        if page.number == "03" and not fresh:
            return None
        return Job(page, {}, "for a test", 1.0, 3, has_results=page.number != "02")

    monkeypatch.setenv("BOOK_BUILD", str(tmp_path))
    monkeypatch.setattr(building, "all_pages", lambda: PAGES)
    monkeypatch.setattr(building, "job_for", job_for)
    monkeypatch.setattr(building, "execute", lambda jobs, *_: ran.extend(jobs))
    monkeypatch.setattr(building, "_site", lambda folder, jobs: folder / "html")

    def run(*only, fresh=False):
        build(only, fresh=fresh, with_pdf=False)
        return [job.page.number for job in ran]

    return run


def test_what_is_stale_is_executed_and_named(executed, capsys):
    assert executed() == ["01", "02"]
    said = capsys.readouterr().out
    assert "2 of 3 to execute" in said
    assert "chapters/01_x: for a test" in said


@pytest.mark.parametrize(("only", "numbers"), [("01", ["01", "02"]), ("03", ["02"])])
def test_only_leaves_others_with_the_results_that_they_have(executed, only, numbers):
    assert executed(only) == numbers


def test_fresh_executes_all_and_forgets_what_was_made(executed, tmp_path):
    kept = tmp_path / "source" / "index.md"
    for path in (kept, tmp_path / STAMPS, tmp_path / "doctrees" / "a", tmp_path / "html" / "b"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")
    assert executed(fresh=True) == ["01", "02", "03"]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / ".lock", kept]


def test_a_chapter_that_is_not_there_is_refused(executed):
    with pytest.raises(BookError, match="no chapter '13'; expected one of 01, 02, 03"):
        executed("13")


# The site


def test_a_warning_of_sphinx_stops_the_build_and_is_shown(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text("# Book\n\n[gone](gone.ipynb)\n", encoding="utf-8")
    with pytest.raises(BookError, match="a warning counts as an error here") as error:
        run_sphinx(source, tmp_path / "html", tmp_path / "doctrees", 1)
    assert "gone.ipynb" in str(error.value)


def test_definitions_lead_to_their_source_where_the_repository_is_known(tmp_path, monkeypatch):
    source, site = tmp_path / "source", tmp_path / "html"
    (source / "_static").mkdir(parents=True)
    (source / "index.md").write_text("# Book\n\n[All](reference.rst)\n", encoding="utf-8")
    text = api.pages()["api/utils.activations.rst"]
    (source / "reference.rst").write_text(text, encoding="utf-8")
    monkeypatch.setenv("BOOK_REPOSITORY", "https://github.com/owner/name")
    run_sphinx(source, site, tmp_path / "doctrees", 1)
    page = (site / "reference.html").read_text(encoding="utf-8")
    shown = "https://github.com/owner/name/blob/HEAD/utils/activations.py"
    assert f'href="{shown}"' in page  # of the module
    lines = (ROOT / "utils" / "activations.py").read_text(encoding="utf-8").splitlines()
    first = lines.index("def sigmoid(z: Array) -> Array:") + 1
    assert f'href="{shown}#L{first}-L' in page


def test_a_page_that_is_too_heavy_is_named(tmp_path):
    pictures = tmp_path / "_static" / "pictures" / "chapters" / "05_x"
    pictures.mkdir(parents=True)
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "05_x.html").write_bytes(b" " * 400_000)
    (pictures / "a.webp").write_bytes(b" " * 500_000)
    check_weights(tmp_path, 0.91)
    with pytest.raises(BookError, match=r"chapters/05_x weighs 0\.90 MB with its 1 pictures"):
        check_weights(tmp_path, 0.89)


def test_pages_and_pictures_without_a_source_leave_the_site(tmp_path):
    source, site = tmp_path / "source", tmp_path / "html"
    for folder in (source, site):
        for name in ("chapters/05_x", "api/utils.cells.rnn"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (source / "chapters" / "05_x.ipynb").write_text("{}", encoding="utf-8")
    (source / "api" / "utils.cells.rnn.rst").write_text("", encoding="utf-8")
    (source / "how_to_read.md").write_text("", encoding="utf-8")
    kept = ["chapters/05_x.html", "api/utils.cells.rnn.html", "how_to_read.html"]
    kept += ["genindex.html", "py-modindex.html", "search.html", "_static/of_the_theme.html"]
    (site / "_static").mkdir()
    for name in [*kept, "chapters/05_old.html", "api/utils.cells.old.html", "old_name.html"]:
        (site / name).write_text("", encoding="utf-8")
    building._sweep(source, site)
    left = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    assert left == sorted(kept)


# The PDF


@pytest.fixture
def print_pdf(tmp_path, monkeypatch):
    """Return a function that does step 4 and tells how often the PDF was printed so far."""
    printed = []

    def printer(site, target):
        printed.append(target)
        target.write_bytes(b"%PDF")
        return True

    monkeypatch.setattr(building.pdf, "build", printer)

    def step():
        building._pdf(tmp_path, tmp_path / "html")
        return len(printed)

    return step


def test_the_pdf_is_printed_when_what_it_shows_changed(tmp_path, print_pdf, monkeypatch):
    site = tmp_path / "html"
    (site / "api").mkdir(parents=True)
    (site / "_static" / "pictures").mkdir(parents=True)
    (site / "index.html").write_text("<p>", encoding="utf-8")
    assert print_pdf() == 1
    assert print_pdf() == 1
    (site / "index.html").write_text("<p>new", encoding="utf-8")
    assert print_pdf() == 2
    (site / "_static" / "book.css").write_text("p {}", encoding="utf-8")
    assert print_pdf() == 3
    (site / "_static" / "pictures" / "a.webp").write_bytes(b"")
    assert print_pdf() == 4
    for name in ("api/utils", "genindex", "search"):  # the PDF leaves them out
        (site / f"{name}.html").write_text("<p>", encoding="utf-8")
    assert print_pdf() == 4
    (tmp_path / "unrolled.pdf").unlink()
    assert print_pdf() == 5
    monkeypatch.setattr(building, "code_hash", lambda: "other code")
    assert print_pdf() == 6


def test_pages_link_to_no_pdf_that_shows_an_earlier_state(tmp_path, print_pdf):
    site = tmp_path / "html"
    site.mkdir()
    first, place = site / "index.html", '<p class="unrolled-buttons unrolled-pdf"></p>'

    def is_offered():
        linked = 'href="unrolled.pdf"' in first.read_text(encoding="utf-8")
        assert (site / "unrolled.pdf").is_file() == linked
        return linked

    first.write_text(place, encoding="utf-8")
    assert print_pdf() == 1
    assert is_offered()
    assert print_pdf() == 1  # the link does not count as a change of the site
    building._pdf(tmp_path, site, wanted=False)
    assert is_offered()  # none was asked for, and it shows the site as it is
    first.write_text(f"{place}<p>New", encoding="utf-8")
    building._pdf(tmp_path, site, wanted=False)
    assert not is_offered()
    assert print_pdf() == 2
    assert is_offered()


def test_without_a_browser_the_pdf_is_tried_again_next_time(tmp_path, monkeypatch):
    monkeypatch.setattr(building.pdf, "build", lambda site, target: False)
    building._pdf(tmp_path, tmp_path / "html")
    assert list(tmp_path.iterdir()) == []
