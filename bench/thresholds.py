"""Where a threshold would lie: what each score says of good and of broken rows of the odd side.

``python -m bench.thresholds --data FOLDER [--check length]`` prints, a line a language, the good rows' worst scores,
and the shares of each kind that a bound there would catch, whatever other checks say.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .common import say
from .corruption_bench import LID, ODD, without_twins
from .corruptions import GOOD, KINDS, LANGUAGES, Corpus, items, load

WORST = 4  # of the good rows in a language
Scores = dict[tuple[str, str, str], list[float]]
"""(check, kind, language) -> scores; rows on which the check abstained are left out."""


def scores(corpus: Corpus, count: int, policy: str | None) -> Scores:
    """The scored checks' columns of every kind and language."""
    from mlt.filter import score_pairs
    from mlt.filter.policy import load_policy
    from mlt.filter.registry import check_class

    names = [rule.name for rule in load_policy(policy).enabled if not check_class(rule.name).hard]
    languages = list(dict.fromkeys(lang for _, lang in corpus.rows))
    found: Scores = {}
    for kind in (GOOD, *KINDS):
        say(f"  {kind}")
        every = [item for lang in languages for item in items(corpus, lang, kind, ODD, count)]
        for part in without_twins(every):
            rows = [{"id": i.id, "source": i.row.source, "target": i.target, "lang": i.row.lang} for i in part]
            table = score_pairs(rows, policy=policy, lid=LID)
            for name in names:
                for item, value in zip(part, table.column(name).to_pylist(), strict=True):
                    if value is not None:
                        found.setdefault((name, kind, item.row.lang), []).append(value)
    return found


def worst(values: Sequence[float], low: bool) -> list[float]:
    """The good rows' worst scores, the worst first."""
    return sorted(values, reverse=not low)[:WORST]


def beyond(values: Sequence[float], bound: float, low: bool) -> float:
    """The share of the scores that lie beyond a bound, in %."""
    return 100 * sum(value < bound if low else value > bound for value in values) / max(len(values), 1)


def main(arguments: list[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="bench.thresholds", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("MLT_BENCH_DATA"), help="holds ntrex/ and mgsm/")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--check", action="append", help="only this check")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--policy")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("--data is missing: name the folder that holds ntrex/ and mgsm/")
    corpus = load(options.data, options.languages.split(","), (1, 500), (1, 100))
    found = scores(corpus, options.count, options.policy)
    for name in dict.fromkeys(check for check, _, _ in found):
        if not options.check or name in options.check:
            _print(name, found)
    return 0


def _print(name: str, found: Scores) -> None:
    from mlt.filter.registry import check_class

    direction = check_class(name).direction
    for side in ("low", "high") if direction == "both" else (direction,):
        low = side == "low"
        print(f"\n{name}: bad are {side} scores; what a bound at the good rows' second worst score would catch, in %")
        print(f"{'':4}{'worst good scores':42}", *(f"{kind[:12]:>12}" for kind in KINDS))
        for lang in dict.fromkeys(lang for check, _, lang in found if check == name):
            good: list[Any] = worst(found.get((name, GOOD, lang), []), low)
            if len(good) < WORST:
                continue
            shares = (beyond(found.get((name, kind, lang), []), good[1], low) for kind in KINDS)
            print(f"{lang:4}{' '.join(f'{value:9.3g}' for value in good):42}", *(f"{share:12.1f}" for share in shares))


if __name__ == "__main__":
    raise SystemExit(main())
