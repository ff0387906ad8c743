"""Stands for an engine that workers elsewhere have loaded, where a run is planned and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...toolkit.errors import MltError
from ...toolkit.languages import Language
from ..engine import Decoding, Hypothesis, Prepared

if TYPE_CHECKING:
    from ..shortlist.setting import Setting


@dataclass
class RemoteEngine:
    """What a worker says of its engine; it translates nothing itself.

    ``languages``: the codes of those that it supports. ``shortlist``: the setting in force with it. ``vocabulary``: its
    size, where it has one. ``own``: by the codes of the languages that were asked for, the engine of each, where each
    has its own.
    """

    name: str
    identity: Mapping[str, Any]
    license: str | None
    notice: str | None
    max_n_best: int
    translates: bool
    languages: frozenset[str]
    shortlist: Setting
    vocabulary: int | None
    own: Mapping[str, RemoteEngine] | None = None

    def supports(self, language: Language) -> bool:
        """Whether the workers' engine does."""
        return language.code in self.languages

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """Raises MltError."""
        raise self._elsewhere()

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """Raises MltError."""
        raise self._elsewhere()

    def close(self) -> None:
        """Has nothing to give back."""

    def _elsewhere(self) -> MltError:
        return MltError(f"{self.name} is loaded by the workers of a cluster, not here")
