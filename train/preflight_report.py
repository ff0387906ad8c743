"""What is known before a step is trained: tokens a language, the steps that will be made, adapters, memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..toolkit.tables import print_table, size_text


@dataclass(frozen=True, slots=True)
class LanguageTokens:
    """A language's rows in tokens: percentiles and maximum of whole rows, how many are cut off, how many are learned.

    ``truncated`` counts rows that are longer than the recipe's ``max_length``; ``labels`` tokens that are learned.
    """

    lang: str
    rows: int
    p50: int
    p99: int
    max: int
    truncated: int
    labels: int

    @property
    def share_truncated(self) -> float:
        """Of its rows, between 0 and 1."""
        return self.truncated / self.rows


@dataclass(frozen=True, slots=True)
class Steps:
    """What the optimiser will do.

    ``sequences`` is how many rows an epoch holds; packed, about how many full ones they make (``packed``).
    ``accumulation`` is how many micro batches of each of ``world`` processes make one update.
    """

    sequences: int
    packed: bool
    world: int
    micro_batch_size: int
    accumulation: int
    per_epoch: int
    updates: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the preflight has found. ``adapters`` counts the layers that get one (None: full fine-tuning), ``trainable``
    the parameters that are trained where that is known, ``memory`` holds bytes by part and their sum, ``device`` what
    the device has (None: not known)."""

    languages: tuple[LanguageTokens, ...]
    steps: Steps
    adapters: int | None
    memory: Mapping[str, int] | None
    device: int | None
    validation: int
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)

    def show(self) -> None:
        """The report as tables on stdout."""
        columns = ("language", "rows", "p50", "p99", "max", "cut off", "share", "learned")
        rows = [
            (
                found.lang,
                f"{found.rows:,}",
                f"{found.p50:,}",
                f"{found.p99:,}",
                f"{found.max:,}",
                f"{found.truncated:,}",
                f"{100 * found.share_truncated:.1f} %",
                f"{found.labels:,}",
            )
            for found in self.languages
        ]
        print_table(columns, rows, right=columns[1:], title="Tokens")
        print_table(("", ""), self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        steps = self.steps
        about = "about " if steps.packed else ""
        facts = [
            ("an epoch", f"{about}{steps.sequences:,} {'packed sequences' if steps.packed else 'rows'}"),
            (
                "a step",
                f"{steps.micro_batch_size} x {steps.accumulation} accumulated x {steps.world} processes",
            ),
            ("optimiser updates", f"{about}{steps.updates:,} ({about}{steps.per_epoch:,} an epoch)"),
            ("adapters", "none, all weights are trained" if self.adapters is None else f"{self.adapters:,} layers"),
            ("validation items", f"{self.validation:,}"),
        ]
        if self.memory is not None:
            parts = ", ".join(f"{name} {size_text(size)}" for name, size in self.memory.items() if name != "total")
            facts.append(("memory, estimated", f"{size_text(self.memory['total'])}: {parts}"))
        if self.device is not None:
            facts.append(("memory of the device", size_text(self.device)))
        return [*facts, *(("note", note) for note in self.notes)]
