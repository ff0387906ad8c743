"""What every backend promises: items go in, outputs come out, in whatever order suits it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .items import Item

Finish = Literal["stop", "length"] | None


@dataclass(frozen=True)
class Output:
    """What a model wrote for an item.

    ``finish``: "stop" where it ended by itself or at a stop string, "length" where it was cut off, None where the
    backend does not say. Tokens are those that it read and wrote, None where they are not known. ``sent`` is the text
    that the model was sent where that was not the item's prompt.
    """

    text: str
    finish: Finish
    tokens_in: int | None = None
    tokens_out: int | None = None
    sent: str | None = None


class Generator(Protocol):
    """A model that answers, greedily.

    ``identity`` holds, as JSON values, all that decides an answer; its ``model`` is an object with a ``name``.
    """

    identity: dict[str, Any]

    def generate(
        self, prompts: Sequence[Item], *, max_new_tokens: int, done: Collection[int] = ()
    ) -> Iterator[tuple[int, Output]]:
        """(index of the item, its output) of every item, as they come; nothing of those whose index is in ``done``."""
        ...

    def batches(self, prompts: Sequence[Item]) -> list[list[int]]:
        """All items, by index, in groups that can be asked one by one, anywhere, with the outputs of asking them all.

        Small enough to be lost with a machine, large enough to keep it busy; in the order in which they are asked.
        """
        ...

    def close(self) -> None:
        """Gives back memory and connections."""
        ...


def cut_at_stop(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """The text up to where the first of ``stop`` begins, and whether one was found.

    Line breaks before the first word are no stop: some models begin with them.
    """
    body = text.lstrip()
    places = [place for mark in stop if (place := body.find(mark)) >= 0]
    if not places:
        return text, False
    return body[: min(places)], True


def in_order(count: int, size: int) -> list[list[int]]:
    """The indices below ``count``, so many together."""
    return [list(range(start, min(start + size, count))) for start in range(0, count, size)]
