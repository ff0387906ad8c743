"""What a task is: how a source row becomes a record, and how a record is taken apart and put together again.

A task knows which texts of a record are for the translator and which values must come through; it knows nothing of
sentences, spans, engines or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ..records import Record, Source

ArgumentsPolicy = Literal["keep", "translate"]
ToolsPolicy = Literal["keep", "translate"]


@dataclass(frozen=True, slots=True)
class Protected:
    """A value inside a text: it reads ``surface`` in English and must read ``rendering`` in the translation."""

    surface: str
    rendering: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of a record for the translator. ``slot`` names its place in the record ("messages.0", "target")."""

    slot: str
    text: str
    protected: tuple[Protected, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason why a translated record is not published: a kebab-case code that is counted, and what was seen."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Policies:
    """What may change in a record. ``table`` overrides, per "Api.argument", whether its value is free text.

    ``shipped`` and ``user`` tables are merged by the task; see ``tasks/arguments.yaml``.
    """

    arguments: ArgumentsPolicy = "keep"
    tools: ToolsPolicy = "keep"
    table: Mapping[str, ArgumentsPolicy] = field(default_factory=dict)


class Task(Protocol):
    """A task adaptor. All methods are pure."""

    name: str

    def record(self, row: Mapping[str, Any], source: Source) -> Record:
        """An English record of one source row; raises RowError with a reason for a malformed one."""
        ...

    def values(self, record: Record, policies: Policies) -> tuple[str, ...]:
        """Values that are translated once per (group, value), before the texts around them."""
        ...

    def texts(self, record: Record, policies: Policies, renderings: Mapping[str, str]) -> list[Text]:
        """The texts to translate, in reading order, with the values that must come through."""
        ...

    def rebuild(
        self, record: Record, translated: Mapping[str, str], policies: Policies, renderings: Mapping[str, str]
    ) -> Record:
        """The record with each slot's text replaced (and values, under ``translate``); lang is the caller's."""
        ...

    def check(
        self, source: Record, target: Record, policies: Policies, renderings: Mapping[str, str]
    ) -> Sequence[Problem]:
        """What the whole record must hold: the final answer, every sum, the call, the values in the request."""
        ...
