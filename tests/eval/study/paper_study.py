"""A table with the counts that the paper gives of its bilingual runs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import product

from made_studies import BILINGUAL, LANGS, MODELS, MadeRun, first, table_of

from mlt.eval.study.analysis.long_table import StudyTable, exposure_of

SIZES = {"math": 250, "api": 399}
"""Items a language of the paper's test sets."""


@cache
def paper_counts() -> StudyTable:
    """English-only and bilingual runs of 5 models x 2 tasks with the paper's counts.

    A bilingual run is better than the English-only one in 35 of 40 cells in the added language, in 119 of 160 in
    languages not trained on, and in 30 of 40 in English; the median changes are the paper's too: +9.27, +3.38 and
    +0.88 points on API calling, +8.4, +1.6 and +3.4 on math. The medians are by task, over 20, 80 and 20 cells.
    """
    changes = {key: list(values) for key, values in _paper_changes().items()}
    draw = random.Random(0)
    for values in changes.values():
        draw.shuffle(values)
    runs = []
    for task, (index, model) in product(SIZES, enumerate(MODELS)):
        alone = {lang: SIZES[task] * (30 + 5 * index - 3 * number) // 100 for number, lang in enumerate(LANGS)}
        for mixture, languages in BILINGUAL.items():
            right = dict(alone)
            if mixture != "L01-en":
                for lang in LANGS:
                    right[lang] += changes[task, _role(lang, languages)].pop()
            verdicts = {lang: first(count, SIZES[task]) for lang, count in right.items()}
            runs.append(MadeRun(task, model, mixture, languages, verdicts, steps=36 * len(languages)))
    return table_of(runs)


def _role(lang: str, languages: Sequence[str]) -> str:
    return "english" if lang == "en" else exposure_of(lang, languages, base=False)


def _paper_changes() -> dict[tuple[str, str], list[int]]:
    """Changes in items right, a cell each, so that the medians and the numbers above 0 are the paper's."""
    return {
        ("api", "direct"): _changes(below=2, ties=0, low=37, high=37, size=20),
        ("math", "direct"): _changes(below=2, ties=1, low=21, high=21, size=20),
        ("api", "transfer"): _changes(below=16, ties=4, low=13, high=14, size=80),
        ("math", "transfer"): _changes(below=20, ties=1, low=4, high=4, size=80),
        ("api", "english"): _changes(below=4, ties=2, low=3, high=4, size=20),
        ("math", "english"): _changes(below=3, ties=1, low=8, high=9, size=20),
    }


def _changes(*, below: int, ties: int, low: int, high: int, size: int) -> list[int]:
    """``size`` sorted changes: so many below 0 and at 0, the middle two ``low`` and ``high``, the rest around them."""
    half = size // 2
    wins = half - below - ties
    lower = (
        [-1 - index % 5 for index in range(below)]
        + [0] * ties
        + [max(1, low - 1 - index % 6) for index in range(wins - 1)]
    )
    return [*lower, low, high, *(high + 1 + index % 9 for index in range(half - 1))]
