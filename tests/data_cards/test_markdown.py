from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markupsafe import Markup

from mlt.data_cards.markdown import (
    any_direction,
    cell,
    code,
    cut,
    escape,
    fence,
    in_words,
    link,
    number,
    percent,
    table,
)

RENDER = MarkdownIt("gfm-like", {"html": True, "linkify": False})
HOSTILE = st.text(st.sampled_from("a1 \\`*_[]()<>&|~$!#-+.:;\"'\n\r\t{}/=é\u200d"), max_size=40)
ATTACKS = [
    "<script>alert(1)</script>",
    "<!-- mlt:end examples -->",
    "![x](javascript:alert(1))",
    "[x](http://example.org)",
    "a | b\n| - |",
    "```\n</code>",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;b&gt; &amp;",
    "*a* __b__ ~~c~~ $x$ `d`",
    "\\*a\\*",
]


def shown(html: str) -> str:
    """The text that a page shows, its markup and spacing left out."""
    import html as entities

    return re.sub(r"\s+", "", entities.unescape(re.sub(r"<[^>]*>", "", html)))


def cells(text: Markup) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", RENDER.render(str(table(["a", "b"], [[text, "end"]]))), re.DOTALL)


@given(HOSTILE | st.sampled_from(ATTACKS))
def test_a_text_in_a_table_is_shown_as_it_is(text: str) -> None:
    first, second = cells(escape(text))
    assert shown(first) == re.sub(r"\s+", "", text)
    assert second == "end"
    assert set(re.findall(r"<[^>]*>", first)) <= {"<br>"}


@given(HOSTILE | st.sampled_from(ATTACKS))
def test_a_text_as_code_is_shown_as_it_is(text: str) -> None:
    first, second = cells(code(text))
    assert shown(first) == re.sub(r"\s+", "", text)
    assert second == "end"
    assert set(re.findall(r"<[^>]*>", first)) <= {"<br>", "<code>", "</code>"}


@given(HOSTILE | st.sampled_from(ATTACKS))
def test_a_block_of_code_ends_where_its_text_ends(text: str) -> None:
    html = RENDER.render(f"{fence(text, 'sh')}\n\nend")
    assert html.count("<pre>") == 1 and html.endswith("<p>end</p>\n")
    assert shown(html.split("</pre>")[0]) == re.sub(r"\s+", "", text)


def test_controls_show_as_code_points_and_joiners_stay() -> None:
    assert escape("a\u202eb\x00") == "aU+202EbU+0000"
    assert escape("क्\u200dष") == "क्\u200dष"


def test_addresses_do_not_become_links() -> None:
    assert "http://" not in escape("see http://example.org") and "www." not in escape("www.example.org")


def test_a_link_ends_only_at_its_end() -> None:
    html = RENDER.render(str(link("terms [a]", "https://example.org/a b)(c")))
    assert html == '<p><a href="https://example.org/a%20b%29%28c">terms [a]</a></p>\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (1234567, "1,234,567"), (-1.5, "−1.5"), (2.0, "2"), ("a|b", "a\\|b"), (Markup("**a**"), "**a**")],
)
def test_cells(value: object, text: str) -> None:
    assert cell(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 9, "0"), (9, 9, "100"), (0, 0, "0"), (1, 100_000, "0.1"), (99_999, 100_000, "99.9"), (1, 3, "33.3")],
)
def test_a_share_that_is_not_all_or_nothing_never_looks_so(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_long_texts_are_cut_between_words_or_graphemes() -> None:
    assert cut("word " * 200, 50) == "word " * 9 + "word…"
    family = "👨‍👩‍👧"
    assert cut(family * 100, 50) == family * 10 + "…"
    assert cut("short") == "short"


@given(st.text(max_size=80), st.integers(41, 60))
def test_a_cut_text_is_a_beginning(text: str, limit: int) -> None:
    found = cut(text, limit)
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


def test_the_direction_of_text_is_marked_where_it_matters() -> None:
    assert any_direction(escape("שלום")) == '<span dir="auto">שלום</span>'
    assert any_direction(escape("hello")) == "hello"


@pytest.mark.parametrize(("texts", "said"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b and c")])
def test_lists_in_words(texts: list[str], said: str) -> None:
    assert in_words(texts) == said


def test_numbers_have_no_more_digits_than_they_need() -> None:
    assert [number(x) for x in (0, 1000, 0.5, -3.0)] == ["0", "1,000", "0.5", "−3"]
