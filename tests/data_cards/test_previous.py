"""Whose hand-written text a new card keeps."""

from __future__ import annotations

import pytest

from mlt.data_cards.handwritten import block
from mlt.data_cards.previous import card_text, choose_previous
from mlt.toolkit.errors import DataError, UsageError


def card(text: str = "", *, title: str = "Set", tags: str = "mlt", more: str = "", rows: int = 3) -> str:
    """A card with a generated block, and what people added to it."""
    front = f"license: mit\npretty_name: {title}\ntags: [{tags}]\n{more}"
    return f"---\n{front}---\n{block('summary', f'{rows} rows')}\n{text}"


@pytest.mark.parametrize(
    ("local", "published", "chosen"),
    [
        (None, None, None),
        (card(), None, "local"),
        (None, card("theirs"), "published"),
        (card(rows=2), card(rows=1), "published"),
        (card("ours"), card(rows=1), "local"),
        (card(rows=2), card("theirs"), "published"),
        (card("the same", rows=2), card("the same\n"), "published"),
        (card(title="Ours"), card(rows=1), "local"),
        (card(tags="mlt, ours"), card(), "local"),
        (card(), card(more="thumbnail: x.png\n"), "published"),
        (card("ours"), card("theirs"), UsageError),
        (card(title="Ours"), card("theirs"), UsageError),
        (card(tags="mlt, a"), card(tags="mlt, b"), UsageError),
    ],
)
def test_the_card_with_text_of_people_wins(local: str | None, published: str | None, chosen: str | type | None) -> None:
    named = {None: None, "local": local, "published": published}
    if isinstance(chosen, type):
        with pytest.raises(chosen, match=r"beside the data and that of a/b hold different text.*--card hub"):
            choose_previous(local, published, card, "merge", "a/b")
    else:
        assert choose_previous(local, published, card, "merge", "a/b") == named[chosen]
    assert choose_previous(local, published, card, "hub", "a/b") == (local if published is None else published)
    assert choose_previous(local, published, card, "local", "a/b") == (published if local is None else local)


def test_a_card_that_is_no_text_is_named() -> None:
    assert card_text(None, "a/b") is None
    assert card_text("é\r\n".encode(), "a/b") == "é\r\n"
    with pytest.raises(DataError, match=r"the README.md of a/b is no text in UTF-8"):
        card_text(b"\xff", "a/b")
