"""Where Chromium is looked for, and what is said where there is none."""

from tools import browser


def test_names_and_usual_places_are_tried_in_order(monkeypatch):
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    for place in browser.NAMES:
        monkeypatch.setattr(browser.shutil, "which", {place: f"{place}!"}.get)
        assert browser.find_chromium() == f"{place}!"
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"{name}!")
    assert browser.find_chromium() == "chromium!"


def test_the_usual_place_of_macos_needs_no_path(monkeypatch, tmp_path):
    """An absolute path is found though it stands on no PATH."""
    program = tmp_path / "Google Chrome.exe"  # the ending, for Windows
    program.write_text("", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(browser, "NAMES", ("chromium", str(program)))
    assert browser.find_chromium() == str(program)


def test_a_named_one_comes_before_all_others_and_is_said_if_it_is_none(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", {"chromium": "/bin/chromium", "mine": "/m"}.get)
    monkeypatch.setenv(browser.VARIABLE, "mine")
    assert browser.find_chromium() == "/m"
    monkeypatch.setenv(browser.VARIABLE, "/no/such")
    assert browser.find_chromium() is None
    assert browser.why_none() == (
        "no Chromium or Chrome was found; UNROLLED_CHROMIUM names '/no/such', which is no program "
        "here"
    )
    monkeypatch.delenv(browser.VARIABLE)
    assert browser.why_none().endswith("was found; UNROLLED_CHROMIUM can name one")
