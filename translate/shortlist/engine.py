"""The default engine on a model that was cut to a list of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from ...toolkit.languages import Language
from ..engine import Decoding, Hypothesis, Prepared
from ..engines.ct2 import Ct2Engine
from ..engines.tokenization import load_vocabulary
from ..model_store import Progress
from .pieces import Shortlist
from .spelling import Speller
from .store import cut_once

_WEIGHTS = "_translator"


class ShortlistedEngine(Ct2Engine):
    """``full`` on a folder that :func:`~mlt.translate.shortlist.store.cut_once` made of its model.

    Texts are normalised and cut into pieces by ``full``, whose weights are not loaded for it; ``unknown`` counts what
    the full model does not know. ``respelled`` counts units of which a piece was outside the list.
    """

    def __init__(self, full: Ct2Engine, folder: Path, shortlist: Shortlist, root: Path) -> None:
        vars(self).update({name: value for name, value in vars(full).items() if name != _WEIGHTS})
        self.folder, self.full, self.shortlist, self._root = folder, full, shortlist, root
        self.identity = {**full.identity, "shortlist": {"kind": shortlist.kind, "hash": shortlist.hash}}
        self.respelled = 0
        self._spelled = Speller(load_vocabulary(full.folder, "source"), shortlist.source, full._special)

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """As the full model would be sent them, but for pieces outside the list, which are spelled with others."""
        return [self._within(unit) for unit in self.full.prepare(texts, source, target)]

    def can_say(self, output: str) -> bool:
        """Whether the list has every word of an output of the full model's."""
        ids = self.full._ids
        (pieces,) = self._tokenization.encode_output([output])
        return all(piece not in ids or ids[piece] in self._sayable for piece in pieces)

    @cached_property
    def _sayable(self) -> frozenset[int]:
        return frozenset(self.shortlist.target)

    def _within(self, unit: Prepared) -> Prepared:
        pieces = self._spelled(unit.pieces)
        if pieces == unit.pieces:
            return unit
        self.respelled += 1
        return replace(unit, pieces=pieces, size=unit.size + len(pieces) - len(unit.pieces))

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """As the full model does; the model is cut again where another process that used it has removed it."""
        if _WEIGHTS not in vars(self):
            cut_once(self.full, self.shortlist, self._root)
        return super().translate(batches, source, target, decoding)


def shortlisted(
    engine: Ct2Engine, shortlist: Shortlist, *, root: Path, progress: Progress | None = None
) -> ShortlistedEngine:
    """``engine`` with the words of ``shortlist`` alone, cut once and kept in ``root``, the cache folder.

    It decodes greedily what ``engine`` decodes, wherever that lies inside the list and no unit was respelled. Its
    weights are its own: close both. Raises UsageError for a model that cannot be cut, EnvironmentProblem where
    the disk is full.
    """
    folder = cut_once(engine, shortlist, root, progress)
    # Found out once, for both: the tokenizer of a large model takes a second to load.
    _ = engine._ids, engine._source_ids, engine._special, engine._tokenization, engine.positions
    return ShortlistedEngine(engine, folder, shortlist, root)
