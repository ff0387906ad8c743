"""The pieces seen so far in a model's outputs in one language, kept in the cache: what learned lists are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from ...toolkit.errors import MltError
from ...toolkit.files import disk_errors, read_json, write_json
from ...toolkit.languages import Language
from ..engines.ct2 import Ct2Engine
from ..unit_file import file_name
from .pieces import text_pieces

FOLDER = "seen-pieces"


@dataclass(frozen=True, slots=True)
class Seen:
    """``pieces`` of the outputs of ``units`` texts."""

    pieces: frozenset[str] = frozenset()
    units: int = 0


class SeenPieces:
    """The file of one model and language in ``root``, the cache folder; several processes may add to it.

    One file serves all precisions of a model. A damaged file is as good as none: lists are learned again.
    """

    def __init__(self, root: Path, engine: Ct2Engine, target: Language) -> None:
        model = f"{engine.name}\0{engine.identity['revision']}"
        name = f"{file_name(engine.name)}-{blake2b(model.encode(), digest_size=6).hexdigest()}"
        self.path = root / FOLDER / name / f"{target.code}.json"
        self._engine = engine

    def load(self) -> Seen:
        """What was seen so far."""
        try:
            stored = read_json(self.path)
            return Seen(frozenset(stored["pieces"]), int(stored["units"]))
        except (MltError, KeyError, TypeError, ValueError):
            return Seen()

    def add(self, texts: Sequence[str]) -> Seen:
        """Adds outputs of the full model, one a unit, and gives back what is seen now."""
        from filelock import FileLock

        pieces = text_pieces(self._engine, texts)
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_suffix(".lock")):
            before = self.load()
            now = Seen(before.pieces | pieces, before.units + len(texts))
            write_json(self.path, {"units": now.units, "pieces": sorted(now.pieces)}, indent=None)
        return now
