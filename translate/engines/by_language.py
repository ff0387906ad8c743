"""A run whose languages are translated by a model each.

What a language is translated with is its own engine, with an identity, cached units, lists of words and settings as in
a run of its own. Weights of one model are in memory at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...toolkit.languages import Language
from ..engine import Decoding, Engine, Hypothesis, Prepared
from .ct2 import Ct2Engine
from .remote import RemoteEngine

BY_LANGUAGE = "by-language"


class ByLanguage:
    """Hands each target language to its own engine.

    ``make`` makes the engine of a language, for the first use of it; it raises UsageError where there is none.
    The identity is that of every such run, so that a run may grow by languages; which model each of them has is
    settled in the run (:mod:`mlt.translate.language_engines`). The licence is that of each engine.
    """

    name = BY_LANGUAGE
    license: str | None = None
    max_n_best = 16
    translates = True
    identity: Mapping[str, Any] = {"engine": BY_LANGUAGE, "model": BY_LANGUAGE, "revision": BY_LANGUAGE}

    def __init__(self, make: Callable[[Language], Engine]) -> None:
        self._make = make
        self._made: dict[str, Engine] = {}

    def of(self, language: Language) -> Engine:
        """The language's own engine; no weights are loaded for it."""
        if language.code not in self._made:
            self._made[language.code] = self._make(language)
        return self._made[language.code]

    def turn_to(self, language: Language) -> Engine:
        """The language's own engine, once the weights of all others are unloaded."""
        own = self.of(language)
        for other in self._made.values():
            if other is not own:
                _forget(other)
        return own

    def supports(self, language: Language) -> bool:
        """Whether the language's own engine does."""
        return self.of(language).supports(language)

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """As the target's own engine does."""
        return self.of(target).prepare(texts, source, target)

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """As the target's own engine does."""
        return self.turn_to(target).translate(batches, source, target, decoding)

    def close(self) -> None:
        """Closes all engines."""
        for engine in self._made.values():
            engine.close()


def of_language(engine: Engine, language: Language) -> Engine:
    """What a language is translated with: ``engine`` itself, unless its languages have an engine each."""
    if isinstance(engine, ByLanguage):
        return engine.of(language)
    if isinstance(engine, RemoteEngine) and engine.own is not None:
        return engine.own[language.code]
    return engine


def turn_to(engine: Engine, language: Language) -> Engine:
    """:func:`of_language`, once weights that the language does not need are unloaded."""
    return engine.turn_to(language) if isinstance(engine, ByLanguage) else of_language(engine, language)


def is_by_language(engine: Engine) -> bool:
    """Whether the languages have an engine each."""
    return isinstance(engine, ByLanguage) or (isinstance(engine, RemoteEngine) and engine.own is not None)


def _forget(engine: Engine) -> None:
    engine.close()
    if isinstance(engine, Ct2Engine):
        engine.forget()
