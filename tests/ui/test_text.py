"""Data cannot act as Markdown, and the language follows link and browser."""

import pandas as pd
import pytest
from markdown_it import MarkdownIt

from ui import draw
from ui.text import choose_language, escaped

HOSTILE = [
    "![](http://host/x.png)",
    "[click](http://host)",
    "http://host/x",
    "www.host.com",
    "<img src=x onerror=alert(1)>",
    "# title",
    "- item",
    "1. item",
    "**bold** _it_ ~~no~~ `code`",
    "| a | b |",
    "> quote",
    "a\n\n# b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_shows_exactly_itself(text: str) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(escaped(text))
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(escaped(text))
    assert "<img" not in html
    assert "<a " not in html
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {c.type for c in tokens[1].children or []} <= {"text", "text_special"}
    shown = "".join(c.content for c in tokens[1].children or [])
    assert shown.replace("\u2060", "") == " ".join(text.split())


@pytest.mark.parametrize("text", ["http://evil.test/x", "see HTTPS://evil.test", "www.evil.test", "a@evil.test"])
def test_bare_addresses_do_not_become_links(text: str) -> None:
    assert "\u2060" in escaped(text)
    assert "<a " not in MarkdownIt("gfm-like").render(escaped(text))


def test_streamlit_directives_are_dead() -> None:
    assert escaped(":red[x] :material/home: $x$") == r"\:red\[x\] \:material\/home\: \$x\$"


@pytest.mark.parametrize(
    ("asked", "header", "chosen"),
    [
        ("es", "pt-BR,pt;q=0.9", "es"),
        ("", "pt-PT,pt;q=0.9,en;q=0.8", "pt_BR"),
        ("", "fr-FR,es;q=0.4,en;q=0.7", "en"),
        ("", "fr-FR", "en"),
        ("", "", "en"),
        ("xx", "es-MX", "es"),
        ("", "en;q=oops,es", "es"),
    ],
)
def test_language(asked: str, header: str, chosen: str) -> None:
    assert choose_language(asked, header) == chosen


def test_csv_runs_nothing_in_a_spreadsheet() -> None:
    frame = pd.DataFrame({"=evil": ["=1+1", "+x", "-y", "@z", "plain"], "n": [-1.0, 2, 3, 4, 5]})
    lines = draw.csv(frame).decode("utf-8-sig").splitlines()
    assert lines[0] == "'=evil,n"
    assert [line.split(",")[0] for line in lines[1:]] == ["'=1+1", "'+x", "'-y", "'@z", "plain"]
    assert lines[1].endswith(",-1.0")
