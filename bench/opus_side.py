"""OpusFilter's filters of the kinds that the filter has too, as its Python API offers them, with its own defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlt.toolkit.languages import Language

# our check -> its filter. Thresholds and windows are OpusFilter's defaults.
SAME_KIND = {
    "empty": "LengthFilter",
    "copy": "SimilarityFilter",
    "numbers": "NonZeroNumeralsFilter",
    "repetition": "RepetitionFilter",
    "script": "CharacterScoreFilter",
    "length": "LengthRatioFilter",
    "fragments": "LongestCommonSubstringFilter",
}
_SCRIPTS = {"Latn": "Latin", "Thai": "Thai", "Jpan": "Han", "Beng": "Bengali", "Telu": "Telugu", "Hans": "Han"}


class OpusSide:
    """The filters, from English into any of the benchmark's languages."""

    def __init__(self) -> None:
        self._filters: dict[str, dict[str, Any]] = {}

    def score(self, texts: Mapping[Language, Sequence[tuple[str, str]]], only: Collection[str] | None = None) -> None:
        """Scores every pair and decides on it, filter by filter; ``only`` those that are named."""
        for language, pairs in texts.items():
            if language.script not in self._filters:
                self._filters[language.script] = _filters(_SCRIPTS[language.script])
            for name, each in self._filters[language.script].items():
                if only is None or name in only:
                    for score in each.score(pairs):
                        each.accept(score)


def _filters(script: str) -> dict[str, Any]:
    import opusfilter.filters as filters

    options: dict[str, dict[str, Any]] = {
        "LengthFilter": {"min_length": 1, "max_length": 10_000, "unit": "char"},
        "LengthRatioFilter": {"unit": "char"},
        "CharacterScoreFilter": {"scripts": ["Latin", script], "thresholds": [0.5, 0.3]},
    }
    return {name: getattr(filters, name)(**options.get(name, {})) for name in SAME_KIND.values()}
