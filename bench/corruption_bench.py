"""Human translations and what breaks them, fed to the filter as pairs: what is kept, what is caught, and by what.

It runs on any rows of NTREX and MGSM: ``python -m bench.corruption_bench --ntrex-rows 1-500 --side odd --show 5``.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import filtered
from .common import Figure, Settings, say, scratch
from .corruptions import GOOD, KINDS, LANGUAGES, Corpus, Item, Range, items, load

EVEN, ODD = 0, 1
NUMBERS = ("digit-changed", "digits-changed", "number-dropped")
LID = "embedded"


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and the check that dropped it with its words; None where it was kept."""

    item: Item
    reason: str | None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A figure: which items it is about, and the share of them (in %) that each language has to reach."""

    name: str
    title: str
    counts: Callable[[Item], bool]
    asked: float | None


ASKS = (
    Ask("good", "Good human translations kept", lambda item: item.kind == GOOD, 98),
    Ask("empty", "Caught: empty", lambda item: item.kind == "empty", 100),
    Ask("untranslated", "Caught: untranslated", lambda item: item.kind == "untranslated", 100),
    Ask("repetition", "Caught: repetition", lambda item: item.kind == "repetition", 100),
    Ask("wrong_language", "Caught: wrong language", lambda item: item.kind == "wrong-language", 99),
    Ask("numbers", "Caught: number changed or dropped", lambda item: item.kind in NUMBERS, 95),
    Ask("one_digit", "Caught: one digit changed", lambda item: item.kind == "digit-changed", 95),
    Ask("dropped", "Caught: number dropped", lambda item: item.kind == "number-dropped", 95),
    Ask("digits", "Caught: two or more digits changed or dropped", lambda item: item.digits >= 2, 99),
    Ask("truncated", "Caught: second half gone", lambda item: item.kind == "truncated", 90),
    Ask("other", "Caught: another sentence's translation", lambda item: item.kind == "other-sentence", 60),
)


def run(settings: Settings) -> list[Figure]:
    """The figures, from even rows under the shipped policy."""
    corpus = load(settings.data, LANGUAGES, (1, 500), (1, 100))
    judged = judge(corpus, settings.size(100, 10), EVEN)
    return [*(_figure(ask, judged) for ask in ASKS), _matrix_figure(judged)]


def judge(corpus: Corpus, count: int, side: int, policy: str | None = None, lid: str = LID) -> list[Judged]:
    """Good and broken rows of every language after the filter, each kind in files of its own.

    No file holds a row twice: two versions of one row side by side would be near-duplicates of each other.
    """
    languages = list(dict.fromkeys(lang for _, lang in corpus.rows))
    judged: list[Judged] = []
    with scratch() as folder:
        for kind in (GOOD, *KINDS):
            every = [item for lang in languages for item in items(corpus, lang, kind, side, count)]
            say(f"  {kind}: {len(every)} items")
            for index, part in enumerate(without_twins(every)):
                judged += _decided(part, folder / f"{kind}-{index}", policy, lid)
    return judged


def without_twins(every: Sequence[Item]) -> Iterator[list[Item]]:
    """The items in parts that hold no row twice."""
    seen: Counter[Any] = Counter()
    parts: dict[int, list[Item]] = {}
    for item in every:
        parts.setdefault(seen[item.row], []).append(item)
        seen[item.row] += 1
    yield from parts.values()


def _decided(some: Sequence[Item], folder: Path, policy: str | None, lid: str) -> list[Judged]:
    rows = [(item.id, item.row.source, item.target, item.row.lang) for item in some]
    outcomes = filtered.decisions(rows, folder, policy=policy, lid=lid)
    return [Judged(item, *outcomes[item.id]) for item in some]


def _figure(ask: Ask, judged: Sequence[Judged]) -> Figure:
    """The share of the language that is worst at it."""
    chosen = [one for one in judged if ask.counts(one.item)]
    good = ask.name == "good"
    shares = {lang: share([one for one in chosen if one.item.row.lang == lang], good) for lang in _languages(chosen)}
    worst = min(shares, key=lambda lang: shares[lang])
    by_corpus = {name: share([one for one in chosen if one.item.row.corpus == name], good) for name in _corpora(chosen)}
    return Figure(
        name=f"corruption.{ask.name}",
        title=f"{ask.title}, worst language",
        asked="reported" if ask.asked is None else f">= {ask.asked:g} %",
        measured=shares[worst],
        unit="%",
        met=None if ask.asked is None else shares[worst] >= ask.asked,
        how=f"{worst}; all languages {share(chosen, good):.1f} % of {len(chosen)}; "
        + ", ".join(f"{name.upper()} {value:.1f} %" for name, value in by_corpus.items()),
        details={
            "share": shares,
            "items": dict(Counter(one.item.row.lang for one in chosen)),
            "distinct_rows": dict(Counter(row.lang for row in {one.item.row for one in chosen})),
            "by_corpus": by_corpus,
        },
    )


def share(some: Sequence[Judged], kept: bool) -> float:
    """How many of the items were kept, or dropped, in %."""
    return 100 * sum((one.reason is None) == kept for one in some) / max(len(some), 1)


def matrix(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """How many items of a kind each check was the first to drop; "kept" for those that none did."""
    counts: dict[str, Counter[str]] = {}
    for one in judged:
        counts.setdefault(one.item.kind, Counter())[one.reason or "kept"] += 1
    return {kind: dict(row.most_common()) for kind, row in counts.items()}


def _matrix_figure(judged: Sequence[Judged]) -> Figure:
    broken = [one for one in judged if one.item.kind != GOOD]
    return Figure(
        name="corruption.matrix",
        title="Caught: broken rows of all kinds",
        asked="reported",
        measured=share(broken, kept=False),
        unit="%",
        met=None,
        how="which check dropped which kind first: see below",
        details={"matrix": matrix(judged)},
    )


def _languages(some: Sequence[Judged]) -> list[str]:
    return list(dict.fromkeys(one.item.row.lang for one in some))


def _corpora(some: Sequence[Judged]) -> list[str]:
    return sorted({one.item.row.corpus for one in some})


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures by language, the reasons by kind, and on request examples of what went wrong."""
    parser = argparse.ArgumentParser(prog="bench.corruption_bench", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("MLT_BENCH_DATA"), help="holds ntrex/ and mgsm/")
    parser.add_argument("--ntrex-rows", type=_rows, default=(1, 500), metavar="FIRST-LAST")
    parser.add_argument("--mgsm-rows", type=_rows, default=(1, 100), metavar="FIRST-LAST")
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--side", choices=("even", "odd"), default="even", help="odd rows are for thresholds")
    parser.add_argument("--count", type=int, default=100, help="items of a kind in a language")
    parser.add_argument("--policy", help="a policy file; the shipped one by default")
    parser.add_argument("--lid", default=LID)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="N examples of what went wrong, by kind")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("--data is missing: name the folder that holds ntrex/ and mgsm/")
    corpus = load(options.data, options.languages.split(","), options.ntrex_rows, options.mgsm_rows)
    judged = judge(corpus, options.count, ODD if options.side == "odd" else EVEN, options.policy, options.lid)
    _print(judged)
    _print_wrong(judged, options.show)
    return 0


def _rows(text: str) -> Range:
    first, _, last = text.partition("-")
    return int(first), int(last)


def _print(judged: Sequence[Judged]) -> None:
    figures = [_figure(ask, judged) for ask in ASKS]
    languages = _languages(judged)
    print(" ".join([f"{'':16}", *(f"{lang:>6}" for lang in languages), "   all  asked"]))
    for ask, figure in zip(ASKS, figures, strict=True):
        cells = [f"{figure.details['share'].get(lang, float('nan')):6.1f}" for lang in languages]
        chosen = [one for one in judged if ask.counts(one.item)]
        print(f"{ask.name:16}", *cells, f"{share(chosen, ask.name == 'good'):6.1f}", f" {ask.asked}")
    for kind, row in matrix(judged).items():
        print(f"{kind:16}", ", ".join(f"{reason} {count}" for reason, count in row.items()))


def _print_wrong(judged: Sequence[Judged], limit: int) -> None:
    shown: Counter[Any] = Counter()
    for one in judged:
        wrong = (one.reason is None) != (one.item.kind == GOOD)
        key = (one.item.kind, one.item.row.lang)
        shown[key] += wrong
        if wrong and shown[key] <= limit:
            print(f"\n{one.item.id} {one.reason or 'kept'}: {one.detail or ''}")
            print(f"  {one.item.row.source[:300]}\n  {one.item.target[:300]}")


if __name__ == "__main__":
    raise SystemExit(main())
