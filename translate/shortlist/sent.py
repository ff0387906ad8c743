"""The pieces of a run's English side, found once for all of its languages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from ...toolkit.languages import Language
from ..calibrate import probe_texts
from ..engines.ct2 import Ct2Engine
from ..shard import Settings, unit_texts
from .pieces import source_pieces

if TYPE_CHECKING:
    from ...toolkit.store import RunStore

_CHUNK = 2000


class SentPieces:
    """What is sent to ``engine`` for the English shards of a run, which must be written, and for the calibration."""

    def __init__(self, store: RunStore, engine: Ct2Engine, settings: Settings) -> None:
        self._store, self._engine, self._settings = store, engine, settings
        self._pieces: set[str] | None = None

    @cached_property
    def english(self) -> str:
        """A hash of the English rows: another one when the run has grown."""
        digest = blake2b(digest_size=16)
        for index in self._store.shards("en"):
            digest.update(str((self._store.done("en", index) or {}).get("input")).encode())
        return digest.hexdigest()

    def __call__(self, target: Language) -> set[str]:
        """The pieces. Languages differ only in their marks, which are in every list."""
        if self._pieces is None:
            pieces: set[str] = set()
            texts = self._texts()
            while chunk := list(dict.fromkeys(islice(texts, _CHUNK))):
                pieces |= source_pieces(self._engine, chunk, target)
            self._pieces = pieces
        return self._pieces

    def _texts(self) -> Iterator[str]:
        yield from probe_texts()
        for record in self._store.records("en"):
            yield from unit_texts(record, self._settings)
