"""The glossary: its entries against the chapters, and where its terms are linked."""

import io
import json
import re
from pathlib import Path

import matplotlib
import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from book.errors import BookError
from book.terms import font
from book.terms.glossary import Term, plural, read_terms, sort_key, terms
from book.terms.matching import Matcher

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "book" / "pages"
CHAPTERS = {path.name[:2]: path for path in sorted((ROOT / "chapters").glob("*.ipynb"))}
HYPE = re.compile(r"\b(simply|obviously|of course|just|trivial(?:ly)?|easy|easily)\b|!", re.I)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.S)

# Words that chapters set in bold and the glossary leaves out, by the reason why.
BOLD = {
    "examples, and the words of an example": """cat|cats|was|were|sheep|40 words|sixteen|Sunspots|
        El Niño|CO₂|CO₂, fitted anew|Related|Mackey–Glass""",
    "buttons of a widget": "Make the step|Start again",
    "parts of the page": "References|Exercises|After this chapter you can|You need|Time",
    "words under stress": """all|is|two|one|long|short|The states are the same|In between|
        At the output|From outside|From inside|Two directions|In code|outputs|
        last state|Writing|Depth|search|model|flat|sum|mean""",
    "steps of a computation": """First step|Second step|Matrix product|Before the first step|
        the final state|a mean over time|the backward direction|uniform""",
    "names that the words around them complete": """total|direct|cut|validation|test|identity|
        deep|train, validation, test, in this order in time|Folded""",
    "whole statements": "turns the whole pattern round at every step",
}
EXCEPTIONS = {
    word.strip().lower(): reason for reason, words in BOLD.items() for word in words.split("|")
}


def text_of(number, code=False):
    """Return the text of a chapter; code cells as well if they are asked for."""
    cells = json.loads(CHAPTERS[number].read_text(encoding="utf-8"))["cells"]
    kinds = {"markdown", "code"} if code else {"markdown"}
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] in kinds)


def term(name, **fields):
    return Term(name=name, chinese="词", chapter="01", definition="A word.", **fields)


# The entries


def test_there_are_many_terms_in_the_order_of_the_alphabet():
    assert len(terms()) >= 150
    assert list(terms()) == sorted(terms(), key=sort_key)
    assert len({entry.name.lower() for entry in terms()}) == len(terms())


def faults_of(entry):
    """Name what is wrong with an entry as it stands."""
    rules = {
        "no Chinese name": bool(CHINESE.search(entry.chinese)),
        "blanks around the Chinese name": entry.chinese == entry.chinese.strip(),
        "no full stop": entry.definition.endswith((".", ".)")),
        "more than two sentences": len(re.split(r"(?<=[.)])\s+(?=[A-Z(])", entry.definition)) <= 2,
        "more than plain text": not re.search(r"[$`*_\\]", entry.definition),
        "hype": not HYPE.search(entry.definition),
        "unknown chapter": {entry.chapter, *entry.only} <= set(CHAPTERS),
        "not linked in its own chapter": not entry.only or entry.chapter in entry.only,
    }
    return [f"{entry.name}: {fault}" for fault, right in rules.items() if not right]


def test_every_entry_is_complete_and_plain():
    assert [fault for entry in terms() for fault in faults_of(entry)] == []


def test_the_chapter_of_a_term_uses_it():
    texts = {number: text_of(number, code=True) for number in CHAPTERS}
    unused = [
        f"{entry.name} in {entry.chapter}"
        for entry in terms()
        if not list(Matcher([entry], entry.chapter).every(texts[entry.chapter]))
    ]
    assert unused == []


# Names by which readers may search the glossary, or that sum up a form; no page says them so.
OTHER_NAMES = """activation function|bags of words|BPTT|TBPTT|clipping by norm|gradient clipping|
    data leak|dead unit|dead units|decision boundaries|
    double precision|Jacobian matrix|loss function|neurons|numerical gradient|
    sequence to sequence|shared parameter|single precision|softmax cross-entropy|spectral radii|
    deep RNN|F1 score|forecast interval|stuck gate|validation set"""


def test_every_form_that_is_written_down_is_used():
    written = "\n".join(path.read_text(encoding="utf-8") for path in sources())
    plain = re.sub(r"\s+", " ", written.replace("\\n", " ")).lower()
    forms = {
        form
        for entry in terms()
        for form in (entry.name, *entry.forms, *entry.linked, *entry.never)
    }
    others = {form.strip() for form in OTHER_NAMES.split("|")}
    assert {form for form in forms if form.lower() not in plain} - others == set()
    assert others <= forms


def sources():
    return [*CHAPTERS.values(), *sorted((ROOT / "exercises").glob("*/*.ipynb"))]


def bold_of(number):
    """Return the words that a chapter sets in bold, those left out that open a paragraph."""
    for found in re.finditer(r"\*\*([^*\n]+?)\*\*", MATHEMATICS.sub("", text_of(number))):
        words = found[1].strip()
        if not words.endswith((".", "?", ":")) and not re.match(r"[Cc]hapter \d", words):
            yield words


@pytest.mark.parametrize("number", sorted(CHAPTERS))
def test_what_a_chapter_sets_in_bold_is_in_the_glossary(number):
    matcher = Matcher([_free(entry) for entry in terms()], number)
    missing = {
        words
        for words in bold_of(number)
        if words.lower() not in EXCEPTIONS and not list(matcher.every(words))
    }
    assert not missing, "define it in terms.toml, or name it in BOLD with the reason"


def _free(entry):
    """Drop the limits on linking: a bold word is a term wherever it stands."""
    return Term(
        entry.name, entry.chinese, entry.chapter, entry.definition, entry.long,
        entry.forms + tuple(entry.linked), exact=entry.exact,
    )  # fmt: skip


def test_no_exception_is_left_over():
    used = {words.lower() for number in CHAPTERS for words in bold_of(number)}
    assert set(EXCEPTIONS) - used == set()
    matcher = Matcher([_free(entry) for entry in terms()], "")
    assert {words for words in EXCEPTIONS if list(matcher.every(words))} == set()


def test_the_small_font_has_the_characters_of_the_glossary():
    missing = font.characters() - font.characters_of(font.STORED)
    assert not missing, "run python -m book.terms.font"


def test_a_font_is_cut_to_the_glossary(tmp_path):
    target = tmp_path / "cut.woff"
    size = font.cut(font.STORED, target)
    assert size == target.stat().st_size
    assert font.characters_of(target) >= font.characters()
    latin = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "cmr10.ttf"
    with pytest.raises(BookError, match=r"cmr10\.ttf lacks .* Take a font"):
        font.cut(latin, target)


ENTRY = '[[term]]\nname = "{}"\nchinese = "词"\nchapter = "01"\ndefinition = "A word."\n{}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[term]]\nname = "gate"\n', r"'gate' lacks \['chapter', 'chinese', 'definition'\]"),
        (ENTRY.format("gate", 'colour = "red"'), r"unknown fields \['colour'\]"),
        (ENTRY.format("half-life", "") + ENTRY.format("half life", ""), "same anchor"),
        (ENTRY.format("gate", "") + ENTRY.format("door", 'forms = ["gate"]'), "is a form of"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path, text, message):
    path = tmp_path / "terms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BookError, match=message):
        read_terms(path)


def test_two_terms_may_share_a_word_on_different_pages(tmp_path):
    path = tmp_path / "terms.toml"
    path.write_text(
        ENTRY.format("lead", 'only = ["11"]') + ENTRY.format("wire", 'forms=["lead"]\nonly=["01"]'),
        encoding="utf-8",
    )
    found = read_terms(path)
    assert [place.term.name for place in Matcher(found, "11").every("a lead")] == ["lead"]
    assert [place.term.name for place in Matcher(found, "01").every("a lead")] == ["wire"]
    assert not list(Matcher(found, "02").every("a lead"))


# Finding terms


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("gate", "gates"),
        ("bias", "biases"),
        ("loss", "losses"),
        ("memory", "memories"),
        ("softmax", "softmaxes"),
        ("batch", "batches"),
        ("series", "series"),
        ("window of keys", "window of keys"),
    ],
)
def test_plurals(form, expected):
    assert plural(form) == expected


def found_in(text, *entries, number="01"):
    return [(text[p.start : p.end], p.term.name) for p in Matcher(entries, number).every(text)]


def test_the_longest_form_comes_first():
    entries = term("gradient"), term("gradient descent"), term("descent")
    assert found_in("gradient descent of a gradient", *entries) == [
        ("gradient descent", "gradient descent"),
        ("gradient", "gradient"),
    ]


@pytest.mark.parametrize(
    "text", ["aggregate", "gateway", "gate-like", "two-gate", "gate–door", "h_gate", "gate_2"]
)
def test_parts_of_words_are_no_terms(text):
    assert found_in(text, term("gate")) == []


@pytest.mark.parametrize("text", ["Gate", "gates", "Gates", "(gate)", "gate's", "“gate”", "gate."])
def test_forms_of_a_word_are_found(text):
    assert [name for _, name in found_in(text, term("gate"))] == ["gate"]


def test_capitals_count_inside_of_a_word_and_in_exact_terms():
    assert found_in("GATE, gAte", term("gate")) == []
    assert found_in("adam and relu", term("Adam", exact=True), term("ReLU", exact=True)) == []
    assert found_in("Adam, ReLUs", term("Adam", exact=True), term("ReLU", exact=True)) == [
        ("Adam", "Adam"),
        ("ReLUs", "ReLU"),
    ]


def test_a_term_may_be_broken_over_two_lines():
    assert found_in("a forget\n  gate", term("forget gate")) == [("forget\n  gate", "forget gate")]


def test_phrases_with_another_meaning_are_passed_over():
    stuck = term("stuck", never=("you are stuck",))
    assert found_in("If you are stuck, look: the gate is stuck.", stuck) == [("stuck", "stuck")]


def test_only_the_first_use_is_reported_first():
    matcher = Matcher([term("gate"), term("forget gate")], "01")
    seen = set()
    text = "forget gate, forget gate, gate, gate"
    assert [(p.start, p.term.name) for p in matcher.first(text, seen)] == [
        (0, "forget gate"),
        (26, "gate"),
    ]
    assert seen == {"term-gate", "term-forget-gate"}
    assert not list(matcher.first(text, seen))


# Linking, in a small book

CHAPTER = """# 06 · Heading with forget gate

An `LSTM` in code, $LSTM$ in mathematics, [LSTM](https://example.org) in a link.

| candidate | head |
| --- | --- |
| cell state | LSTM |

```{figure} picture.svg
:alt: a peephole

A peephole below a figure.

And constant error carousels in its legend.
```

```{code-block} python
:caption: With a half-life

half_life = "half-life"
```

The *hidden
state* and two hidden states, with a **forget gate**. Forget gates again.

<p>raw output gate</p>

<details><summary>Answer</summary>

An output gate to unfold.

</details>

**References**

- A paper on projection. *Journal of Clipping*.

After them an input gate.

## References

- Long papers on coupled gates.
"""
EXERCISE = "# Exercises 06\n\nAn LSTM, if you are stuck.\n"
OTHER = "# Solutions 06\n\nAn LSTM.\n"


class SmallBook:
    """A book of one chapter, with glossary and notation page, built by Sphinx alone."""

    def __init__(self, folder):
        self.folder = folder
        self.write("index", "# Book\n\n```{toctree}\n:glob:\n\n*/*\nglossary\nnotation\n```\n")
        self.write("chapters/06_lstm", CHAPTER)
        self.write("exercises/06_lstm", EXERCISE)
        self.write("solutions/06_lstm", OTHER)
        for name in ("glossary", "notation"):
            self.write(name, (PAGES / f"{name}.md").read_text(encoding="utf-8"))
        picture = folder / "source" / "chapters" / "picture.svg"
        picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")

    def write(self, name, text):
        path = self.folder / "source" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self):
        """Build the book; warnings are errors."""
        warnings = io.StringIO()
        settings = {
            "extensions": ["myst_parser", "book.terms"],
            "myst_enable_extensions": ["amsmath", "attrs_block", "dollarmath"],
            "nitpicky": True,
            "html_theme": "basic",
        }
        with docutils_namespace():
            app = Sphinx(
                self.folder / "source", None, self.folder / "html", self.folder / "trees", "html",
                confoverrides=settings, status=None, warning=warnings, warningiserror=True,
            )  # fmt: skip
            app.build()
        assert (app.statuscode, warnings.getvalue()) == (0, "")

    def page(self, name):
        return (self.folder / "html" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    book = SmallBook(tmp_path_factory.mktemp("book"))
    book.build()
    return book


def links(page):
    """Return what is linked to the glossary on a page, as (anchor, words, title)."""
    pattern = (
        r'<a class="reference internal" href="([^"]*)" title="([^"]*)">'
        r'<span class="[^"]*term-link[^"]*">(.*?)</span></a>'
    )
    return [
        (href.rpartition("#")[2], " ".join(words.split()), title)
        for href, title, words in re.findall(pattern, page, re.S)
    ]


def test_first_uses_are_linked_and_nothing_else(small_book):
    chapter = links(small_book.page("chapters/06_lstm"))
    assert [found[:2] for found in chapter] == [
        ("term-cell-state", "cell state"),
        ("term-lstm", "LSTM"),
        ("term-hidden-state", "hidden state"),
        ("term-forget-gate", "forget gate"),
        ("term-input-gate", "input gate"),
    ]
    by_anchor = {entry.anchor: entry for entry in terms()}
    for anchor, _, title in chapter:
        assert title == by_anchor[anchor].definition
    assert [found[0] for found in links(small_book.page("exercises/06_lstm"))] == ["term-lstm"]
    assert links(small_book.page("solutions/06_lstm")) == []


def test_the_glossary_shows_every_term(small_book):
    page = small_book.page("glossary")
    order = re.findall(r'<dt[^>]*id="(term-[^"]*)"', page)
    assert order == [entry.anchor for entry in terms()]
    for entry in terms():
        assert f'<span class="term-chinese" lang="zh-Hans">{entry.chinese}</span>' in page
    assert 'href="chapters/06_lstm.html"><span class="doc">Chapter 06</span></a>' in page
    assert '<span class="term-home">Chapter 05</span>' in page, "named without being there"
    assert {anchor for anchor, _, _ in links(page)} <= set(order)


def test_a_term_is_not_linked_within_its_own_entry(small_book):
    for entry in small_book.page("glossary").split("<dt")[1:]:
        anchor = re.search(r'id="(term-[^"]*)"', entry)[1]
        assert f'href="#{anchor}"' not in entry


def test_the_glossary_follows_when_a_chapter_comes(small_book):
    small_book.write("chapters/05_vanishing_exploding", "# 05\n")
    small_book.build()
    for name in ("glossary", "notation"):
        assert 'href="chapters/05_vanishing_exploding.html"' in small_book.page(name)


# The notation page


def tables():
    """Return the rows of the notation page as (heads, cells)."""
    heads = None
    for line in (PAGES / "notation.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            heads = None
        elif heads is None:
            heads = [cell.strip() for cell in line.strip("|").split("|")]
        elif not line.startswith("| ---"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
            yield heads, cells


def symbols():
    return [dict(zip(heads, cells, strict=True)) for heads, cells in tables() if "symbol" in heads]


def bare(mathematics):
    """Write mathematics without what changes its look alone."""
    mathematics = re.sub(r"\\[,;!]|\\quad|\\text|\\mathrm|\\operatorname", "", mathematics)
    mathematics = mathematics.replace(r"\|", r"\lVert").replace(r"\rVert", r"\lVert")
    return re.sub(r"[\s{}$]", "", mathematics)


def test_every_row_has_all_columns():
    assert len(symbols()) >= 100
    for heads, cells in tables():
        assert len(cells) == len(heads), cells


def test_every_symbol_stands_in_its_chapter():
    texts = {number: bare(text_of(number)) for number in CHAPTERS}
    missing = []
    for row in symbols():
        number = re.fullmatch(r"\{chapter\}`(\d\d)`", row["chapter"])[1]
        for mathematics in re.findall(r"\$([^$]+)\$", row["symbol"]):
            for symbol in mathematics.split(", ") if "[" not in mathematics else [mathematics]:
                if symbol not in WRITTEN_OTHERWISE and bare(symbol) not in texts[number]:
                    missing.append(f"{symbol} in {number}")
    assert missing == []


def test_every_name_in_code_is_one():
    files = [
        path
        for folder in ("utils", "experiments", "chapters")
        for path in (*(ROOT / folder).rglob("*.py"), *(ROOT / folder).glob("*.ipynb"))
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    names = {name for row in symbols() for name in re.findall(r"`([^`]+)`", row["in code"])}
    pattern = r"(?<!\w){}(?!\w)"
    assert {name for name in names if not re.search(pattern.format(re.escape(name)), code)} == set()


WRITTEN_OTHERWISE = {
    r"\lVert \cdot \rVert",  # chapters write what stands between the bars
    r"\lVert \cdot \rVert_2",
    r"[\,\dots\,]",
    r"\lfloor \cdot \rfloor",
    r"\lceil \cdot \rceil",
    r"W^\top",
    r"\operatorname{diag}(v)",
    r"\partial^{+} h_t/\partial W",
    r"d_{z_1}",
    r"\partial L/\partial c_t",  # and derivatives stand as fractions
    r"\dots",
}


@pytest.mark.parametrize("number", sorted(CHAPTERS))
def test_the_symbols_of_a_chapter_are_on_the_notation_page(number):
    page = bare((PAGES / "notation.md").read_text(encoding="utf-8"))
    said = re.search(r"^\*\*Symbols\.\*\*(.*)$", text_of(number), re.M)
    if said is None:
        assert number in {"00", "01"}, "these two have tables, and more than symbols in them"
        return
    for mathematics in re.findall(r"\$([^$]+)\$", said[1]):
        for symbol in re.split(r",\s*|;\s*| = | \\ge ", mathematics):
            if re.match(r"[\\A-Za-z]", symbol):
                assert bare(symbol) in page, f"{symbol} of chapter {number}"
