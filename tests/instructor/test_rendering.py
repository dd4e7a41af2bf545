"""What learners wrote becomes HTML in which nothing runs and nothing loads."""

import html.parser

import pytest

from instructor import rendering

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg onload='window.hacked = 1'><script>window.hacked = 1</script></svg>",
    "[click](javascript:window.hacked=1)",
    "[click](JaVaScRiPt:window.hacked=1)",
    "[click](&#106;avascript:window.hacked=1)",
    "[click](\x01javascript:window.hacked=1)",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:window.hacked=1>",
    "![x](http://evil.example/track.png)",
    "![x](javascript:window.hacked=1)",
    '![x" onerror="window.hacked=1](y)',
    '[x](http://a.example/"onmouseover="window.hacked=1)',
    "```mermaid\n</pre><script>window.hacked = 1</script>\n```",
    "```html onload=1\n<script>window.hacked = 1</script>\n```",
    "$</p><script>window.hacked = 1</script>$",
    "$$<img src=x onerror='window.hacked = 1'>$$",
    r"\begin{a}<script>window.hacked = 1</script>\end{a}",
    "<style>@import url(http://evil.example)</style>",
    "<iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>",
    "<form action='http://evil.example'><button>Go</button></form>",
    "<base href='http://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<a href='http://x' style='position:fixed;inset:0' onclick='window.hacked=1'>x</a>",
    "| <img src=x onerror=alert(1)> |\n|---|\n| <script>1</script> |",
    "<!-- --><script>window.hacked = 1</script>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hacked=1>",
    "# <script>window.hacked = 1</script>",
    "* * <details open ontoggle=window.hacked=1>",
]


class Elements(html.parser.HTMLParser):
    """Collect every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_keeps_words_and_loses_its_teeth(text):
    for tag, attributes in Elements(str(rendering.text_html(text))).found:
        assert tag in rendering.ELEMENTS
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        assert attributes.get("href", "http:").startswith(("http:", "https:", "mailto:"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_code_is_nothing_but_coloured_text(text):
    for tag, attributes in Elements(str(rendering.code_html(text))).found:
        assert (tag, set(attributes)) in [
            ("pre", {"class", "tabindex"}),
            ("code", set()),
            ("span", {"class"}),
        ]


def test_a_text_is_rendered():
    shown = str(
        rendering.text_html(
            "# Bound\n\nThe *state* is **bounded**.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
        )
    )
    assert "<h3>Bound</h3>" in shown
    assert "<em>state</em>" in shown
    assert "<td>2</td>" in shown


def test_formulas_stay_as_they_were_typed():
    assert "$h_t * W_{hh} * x$" in rendering.text_html("With $h_t * W_{hh} * x$ it fades.")


def test_a_link_leads_away_without_telling_from_where():
    shown = rendering.text_html("[notes](https://notes.example/a)")
    assert '<a rel="noopener noreferrer nofollow" href="https://notes.example/a">notes</a>' in shown


def test_a_picture_is_named_and_not_loaded():
    shown = rendering.text_html("![my curve](https://evil.example/curve.png)")
    assert "[picture: my curve]" in shown
    assert "evil" not in shown


def test_unreadable_characters_are_replaced():
    assert rendering.clean("a\x00b\ud800c\u202ed\te\nf") == "a\ufffdb\ufffdc\ufffdd\te\nf"
    rendering.clean("\udfff").encode()


def test_code_is_coloured_and_keeps_its_lines():
    shown = str(rendering.code_html("def f(x):\n    return x + 1  # next\n\n\ny = f(1)"))
    assert '<span class="nf">f</span>' in shown
    assert '<span class="c1"># next</span>' in shown
    assert shown.count("\n") == 5


@pytest.mark.parametrize(
    ("show", "limit"),
    [
        (rendering.code_html, rendering.CODE_CHARACTERS),
        (rendering.text_html, rendering.TEXT_CHARACTERS),
    ],
)
def test_what_is_too_long_is_cut_and_the_page_says_so(show, limit):
    shown = str(show("a " * limit))
    assert f"{limit:,} more characters are not shown here." in shown
    assert limit < len(shown) < 1.1 * limit


@pytest.mark.parametrize(
    "text",
    [
        "[" * 15_000,
        "![" * 7_000,
        ">" * 15_000,
        "\n".join(">" * depth for depth in range(150)),
        "\n".join(" " * depth + "- a" for depth in range(150)),
        "- " * 7_000,
        "`" * 15_000,
        "*a " * 5_000,
        "<!--" * 3_000,
        "[a](b " * 3_000,
        r"\begin{a}" * 2_000,
        "|a" * 5_000 + "\n" + "|-" * 5_000,
    ],
)
def test_a_text_made_to_break_a_renderer_is_shown(text):
    """The test's own time limit fails where rendering takes minutes."""
    assert "the words" in rendering.text_html(f"the words\n\n{text}")


def test_names_in_a_message_become_code():
    assert (
        rendering.message_html("`h_t` < 1 & `a`") == "<code>h_t</code> &lt; 1 &amp; <code>a</code>"
    )
