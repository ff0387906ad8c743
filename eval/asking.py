"""What one evaluation asks: the items, the model that answers them, and how answers are judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..toolkit.prompts import PROMPTS_VERSION
from ..toolkit.signature import OUTPUT_VERSION
from .engine import Generator
from .fidelity import FidelityJudge
from .items import Item
from .score import score
from .test_sets import OpenedSet


@dataclass(frozen=True)
class Asking:
    """``load`` gives the model, ready to answer, and can be pickled. ``lid``: the detector of languages, or "none"."""

    opened: OpenedSet
    load: Callable[..., Generator]
    shots: int
    max_new_tokens: int
    lid: str

    @property
    def task(self) -> str:
        """math or api."""
        return self.opened.task

    @cached_property
    def items(self) -> dict[str, list[Item]]:
        """The items by language, in the order in which languages are asked."""
        found: dict[str, list[Item]] = {lang: [] for lang in self.opened.languages}
        for item in self.opened.items:
            found[item.lang].append(item)
        return found

    @property
    def entry(self) -> dict[str, Any]:
        """The test set as eval.json has it."""
        return {
            "name": self.opened.name,
            "task": self.opened.task,
            "shots": self.shots,
            "max_new_tokens": self.max_new_tokens,
            "skipped": self.opened.skipped,
            "revisions": self.opened.revisions,
        }

    def identity(self, generator: Mapping[str, Any]) -> dict[str, Any]:
        """All that decides a sample where a model of this identity answers."""
        return {**generator, "lid": self.lid, "prompts": PROMPTS_VERSION, "output_version": OUTPUT_VERSION}


def judge_of(lid: str) -> FidelityJudge | None:
    """The judge of languages, None for "none"; UsageError for a name that is none."""
    return None if lid == "none" else FidelityJudge(lid)


def reachable(place: str | Path) -> str:
    """A local path as every working directory knows it; any other name as it is."""
    path = Path(place)
    return str(path.absolute()) if path.exists() else str(place)


def answer(
    generator: Generator,
    items: Sequence[Item],
    max_new_tokens: int,
    judge: FidelityJudge | None,
    done: Collection[int] = (),
) -> Iterator[dict[str, Any]]:
    """The samples of items, but of those whose index is in ``done``, as they come."""
    for index, output in generator.generate(items, max_new_tokens=max_new_tokens, done=done):
        yield score(items[index], output, judge)
