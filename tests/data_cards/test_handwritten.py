from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.data_cards.handwritten import BLOCKS, block, blocks, merge, own_text, parts, read_front, split_front
from mlt.toolkit.errors import DataError

HEAD = "---\nlicense: mit\n---\n"
TEXT = st.text(st.sampled_from("ab <!->#\n\r|é"), max_size=30)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str]:
    """A body with some blocks in any order, the names of these, and what stands around them."""
    names = draw(st.lists(st.sampled_from(BLOCKS), unique=True))
    texts = [draw(TEXT).replace("<", "") for _ in range(len(names) + 1)]
    # A marker stands on a line of its own.
    body = (
        HEAD
        + texts[0]
        + "".join(f"\n{block(name, 'old')}\n{text}" for name, text in zip(names, texts[1:], strict=True))
    )
    return body.removeprefix(HEAD), own_text(body)


@given(bodies(), st.lists(st.sampled_from(BLOCKS), unique=True, min_size=1))
def test_text_around_the_blocks_stays_byte_for_byte(body: tuple[str, str], made: list[str]) -> None:
    previous, own = body
    fresh = {name: f"new {name}" for name in sorted(made, key=BLOCKS.index)}
    merged = HEAD + merge(fresh, HEAD + previous)
    assert set(blocks(merged)) == set(made)
    assert "old" not in merged
    kept = own_text(merged)
    place = 0
    for part in (part.text for part in parts(HEAD + previous) if part.block is None):
        place = kept.index(part, place) + len(part)
    assert len(kept) - len(own) <= 2 * (len(made) + 1) + 2
    assert HEAD + merge(fresh, merged) == merged


def test_parts_joined_are_the_body() -> None:
    body = f"hello\n{block('use', 'x')}\r\n\r\nworld\n{block('limits', 'y')}\n"
    assert "".join(part.text for part in parts(HEAD + body)) == body
    assert [(part.block, part.line) for part in parts(HEAD + body)] == [
        *((None, 4), ("use", 5), (None, 7), ("limits", 10), (None, 12)),
    ]


def test_a_card_without_blocks_gets_them_behind_its_text() -> None:
    assert merge({"summary": "new"}, "# Mine\n\nMy words.") == f"# Mine\n\nMy words.\n\n{block('summary', 'new')}\n"


def test_a_new_block_comes_behind_the_one_before_it() -> None:
    previous = f"a\n{block('summary', '1')}\nb\n{block('limits', '2')}\nc\n"
    merged = merge({"summary": "1", "use": "+", "limits": "2"}, previous)
    assert merged == f"a\n{block('summary', '1')}\n\n{block('use', '+')}\nb\n{block('limits', '2')}\nc\n"


def test_a_block_that_is_not_made_any_more_goes() -> None:
    previous = f"{block('summary', '1')}\nb\n{block('mixtures', '2')}\nc\n"
    assert merge({"summary": "1"}, previous) == f"{block('summary', '1')}\nb\n\nc\n"


BROKEN = [
    ("x\n<!-- mlt:begin use -->\ntext\n", "line 5: the block use has no <!-- mlt:end use -->"),
    ("<!-- mlt:begin use -->\n<!-- mlt:begin limits -->\n<!-- mlt:end limits -->", "line 4: the block use has no"),
    ("<!-- mlt:end use -->\n", "line 4: the block use has no <!-- mlt:begin use -->"),
    (f"{block('use', 'x')}\n{block('use', 'x')}", "line 7: the block use stands twice"),
    (f"{block('usage', 'x')}", "line 4: there is no block usage"),
]


@pytest.mark.parametrize(("body", "error"), BROKEN)
def test_a_damaged_block_is_named_with_its_line(body: str, error: str) -> None:
    with pytest.raises(DataError) as raised:
        merge({"use": "new"}, HEAD + body)
    assert error in str(raised.value) and "\n" not in str(raised.value)


def test_markers_count_only_on_a_line_of_their_own() -> None:
    assert blocks("say <!-- mlt:begin use --> and\n  <!-- mlt:end use -->\n") == {}


def test_the_head_is_found_by_the_hubs_rule() -> None:
    assert split_front("---\r\na: 1\r\n---\r\nbody") == ("a: 1", "body")
    assert split_front("body\n---\na: 1\n---\n")[0] is None


@pytest.mark.parametrize("yaml", ["a: [1", "- a\n- b", "just words"])
def test_a_head_that_cannot_be_read_is_refused_in_one_line(yaml: str) -> None:
    with pytest.raises(DataError) as raised:
        read_front(f"---\n{yaml}\n---\nbody")
    assert "\n" not in str(raised.value)
