"""Which card a new one takes the hand-written text from, where one stands beside the data and one on the Hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from ..toolkit.errors import DataError, UsageError
from .handwritten import own_text, read_front
from .metadata import OWN_KEYS

Choice = Literal["merge", "hub", "local"]


def choose_previous(
    local: str | None, published: str | None, fresh: Callable[[], str], choice: Choice, where: str
) -> str | None:
    """The card to keep hand-written text of; None for neither.

    ``fresh`` makes the card without any such text. ``merge``: the one of the two that has some; the published one where
    both have the same or none. UsageError where they have different text and ``choice`` names neither.
    """
    if local is None or published is None or local == published:
        return published if local is None else local
    if choice != "merge":
        return published if choice == "hub" else local
    pristine = fresh()
    ours, theirs = _by_hand(local, pristine), _by_hand(published, pristine)
    if not _any(ours) or ours == theirs:
        return published
    if not _any(theirs):
        return local
    raise UsageError(
        f"the README.md beside the data and that of {where} hold different text of people: --card hub keeps the "
        "published one's, --card local the other's"
    )


def card_text(data: bytes | None, where: str) -> str | None:
    """A card's text, its line ends as they are; DataError where it is none."""
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        raise DataError(f"the README.md of {where} is no text in UTF-8; mend it, or remove it") from None


def _by_hand(card: str, pristine: str) -> dict[str, Any]:
    """What people have put into a card: text, keys of the YAML, and tags."""
    front, made = read_front(card), read_front(pristine)
    keys = {key: value for key, value in front.items() if key not in (*OWN_KEYS, "tags") and made.get(key) != value}
    text = " ".join(own_text(card).split())
    tags = sorted(set(map(str, front.get("tags") or ())) - set(map(str, made.get("tags") or ())))
    return {"text": text, "keys": keys, "tags": tags}


def _any(by_hand: Mapping[str, Any]) -> bool:
    return any(by_hand.values())
