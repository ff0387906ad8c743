"""An engine of a test's own, for the check of the round trip: it does to its process what the translations ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pool_engine import PoolEngine, act

from mlt.toolkit.languages import Language
from mlt.translate.engine import Decoding, Hypothesis, Prepared


class BackEngine(PoolEngine):
    """See :class:`PoolEngine`; here the language counts that is translated from."""

    def supports(self, language: Language) -> bool:
        return True

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        for batch in batches:
            for unit in batch:
                act(unit.text, source.code)
            yield [[Hypothesis(unit.text)] for unit in batch]
