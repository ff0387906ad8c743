"""What the tasks of an evaluation are to answer, in which batches: ``asked.json``, until all of it is merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...toolkit.errors import DataError
from ...toolkit.files import read_json, write_json
from ...toolkit.parts import Part
from ..folder import PLAN
from ..samples import SampleKey


@dataclass(frozen=True)
class Asked:
    """The items of a test set in a language: batches of keys, in the order in which they are asked."""

    task: str
    test_set: str
    lang: str
    batches: Sequence[Sequence[str]]

    @property
    def order(self) -> list[SampleKey]:
        """What identifies the samples, in that order."""
        return [(self.test_set, key) for batch in self.batches for key in batch]

    def of_part(self, part: Part) -> Iterator[Sequence[str]]:
        """The batches that are a part's."""
        for number, batch in enumerate(self.batches):
            if part.holds(self.lang, number):
                yield batch


@dataclass(frozen=True)
class Plan:
    """``count``: how many parts there are, as the last task was told."""

    count: int
    asked: Sequence[Asked]

    def missing(self, answered: set[SampleKey]) -> dict[Part, int]:
        """How many items have no answer, by the part that would give it."""
        found: dict[Part, int] = {}
        for number in range(1, self.count + 1):
            part = Part(number, self.count)
            keys = ((asked.test_set, key) for asked in self.asked for batch in asked.of_part(part) for key in batch)
            if count := sum(key not in answered for key in keys):
                found[part] = count
        return found


def read_plan(folder: Path) -> Plan | None:
    """The plan of an evaluation; None where no task has begun it. DataError for a damaged one."""
    path = folder / PLAN
    if not path.is_file():
        return None
    try:
        value: Any = read_json(path)
        return Plan(int(value["count"]), [Asked(**entry) for entry in value["asked"]])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path} is damaged: remove it, and run the tasks again") from None


def extend_plan(folder: Path, count: int, wanted: Mapping[str, Asked]) -> dict[str, Asked]:
    """Puts what a task is to ask, by language, into the plan, and gives it as all tasks ask it; under the lock.

    The same items keep the batches that the first task gave them, so that tasks with other batches leave none out;
    other items, as after a change of ``--limit``, are asked from now on.
    """
    plan = read_plan(folder)
    known = {(asked.task, asked.test_set, asked.lang): asked for asked in (plan.asked if plan else ())}
    agreed: dict[str, Asked] = {}
    for lang, asked in wanted.items():
        before = known.get((asked.task, asked.test_set, lang))
        agreed[lang] = before if before is not None and sorted(before.order) == sorted(asked.order) else asked
        known[asked.task, asked.test_set, lang] = agreed[lang]
    made = Plan(count, list(known.values()))
    if made != plan:
        entries = [{**vars(asked), "batches": [list(batch) for batch in asked.batches]} for asked in made.asked]
        write_json(folder / PLAN, {"count": count, "asked": entries}, indent=None)
    return agreed
