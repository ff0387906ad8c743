"""A language left out of a larger mixture (zero-shot) against the same language trained on beside the pivot (direct).

The paper's Figures 4 and 9 (arXiv 2604.13286). It calls two runs indistinguishable where a t-test is not significant;
here a difference is tested on the same items, adjusted by Holm's method, and "equivalent" is said only where two
one-sided tests show that the difference lies within a margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...compare import MARGIN
from ...stats import ALPHA, Equivalence, holm
from .contrasts import Estimate
from .estimating import PairTest, accuracy, compare_pair, mean_number, share
from .evidence import Number
from .pairs import (
    POOLED,
    Cell,
    Matched,
    Run,
    Verdicts,
    cells_of,
    configurations,
    main_budget,
    of_task,
    tasks_of,
    verdicts_of,
)

if TYPE_CHECKING:
    from .long_table import StudyTable

Outcome = Literal["zero-shot better", "direct better", "equivalent", "not settled"]


@dataclass(frozen=True, slots=True)
class ZeroShotPair:
    """One configuration: ``mixture``, which lacks ``lang``, against the bilingual mixture of the pivot and ``lang``.

    ``zero_shot`` and ``direct`` are accuracies, ``difference`` the first less the second (its seeds stacked). ``p`` is
    two-sided; ``p_holm`` is adjusted over all pairs of the same model and task.
    """

    model: str
    task: str
    mixture: str
    size: int
    lang: str
    tier: str
    zero_shot: Number
    direct: Number
    difference: Number
    p: float
    p_holm: float
    equivalence: Equivalence

    @property
    def reaches(self) -> bool:
        """Whether the zero-shot run got at least as many items right."""
        return (self.difference.value or 0.0) >= 0

    @property
    def outcome(self) -> Outcome:
        """What the pair shows, a difference before equivalence."""
        if self.p_holm < ALPHA:
            return "zero-shot better" if self.reaches else "direct better"
        return "equivalent" if self.equivalence.equivalent else "not settled"


@dataclass(frozen=True, slots=True)
class ZeroShotGroup:
    """The pairs of a resource tier and number of languages (0: all of them), of a task or :data:`POOLED`.

    Shares of pairs: ``reaching`` at least as many items right; ``not_worse`` no significant loss before adjustment,
    which is how the paper reads "matches or exceeds"; ``better`` and ``worse`` significantly so, adjusted;
    ``equivalent`` within the margin by TOST. ``mean`` is the mean difference, ``estimate`` its error.
    """

    tier: str
    size: int
    task: str
    mean: Number
    estimate: Estimate | None
    reaching: Number
    not_worse: Number
    better: Number
    worse: Number
    equivalent: Number


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """What :func:`zero_shot` finds; ``margin`` is a share, ``empty`` says why there is nothing."""

    budget: str
    margin: float
    groups: tuple[ZeroShotGroup, ...]
    pairs: tuple[ZeroShotPair, ...]
    empty: str = ""

    def group(self, tier: str, size: int = 0, task: str = POOLED) -> ZeroShotGroup | None:
        """The group of a tier, number of languages and task; the only task's where nothing is pooled."""
        own = [group for group in self.groups if (group.tier, group.size) == (tier, size)]
        found = [group for group in own if group.task == task]
        return next(iter(found), own[0] if len(own) == 1 and task == POOLED else None)


def zero_shot(table: StudyTable, *, budget: str | None = None, margin: float = MARGIN) -> ZeroShot:
    """Each larger mixture against direct bilingual training, in the languages that it leaves out.

    A pair is of the same model, task, budget and seed, and is there where a mixture of the pivot and that language is.
    ``margin``: the difference, as a share, that is taken for none.
    """
    budget = main_budget(table, budget)
    verdicts = verdicts_of(table)
    matched = _left_out(verdicts, budget)
    if not matched:
        reason = "no run whose mixture leaves a language out is finished together with the bilingual run on it"
        return ZeroShot(budget, margin, (), (), reason)
    pairs = _pairs(verdicts, matched, budget, margin)
    return ZeroShot(budget, margin, tuple(_groups(verdicts, matched, pairs, budget)), tuple(pairs))


def _left_out(verdicts: Verdicts, budget: str) -> list[Matched]:
    pivot = verdicts.table.pivot
    found: list[Matched] = []
    for run in verdicts.trained(budget):
        absent = [lang for lang in verdicts.table.evaluated if lang not in run.languages and lang != pivot]
        for lang in absent if run.size > 2 else ():
            direct = verdicts.sibling(run, (pivot, lang))
            if direct and (pair := verdicts.match(run, direct, lang)):
                found.append(pair)
    return found


def _pairs(verdicts: Verdicts, matched: Sequence[Matched], budget: str, margin: float) -> list[ZeroShotPair]:
    tested: dict[tuple[str, str, str, str], PairTest] = {}
    families: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {}
    of_configuration = configurations(matched)
    for name, seeds in of_configuration.items():
        model, task, mixture, lang = name
        label = f"{model}, {task}, {lang}: {mixture} less direct bilingual"
        tested[name] = compare_pair(f"{_key(budget, name)}.difference", label, seeds, margin)
        families.setdefault((model, task), []).append(name)
    adjusted = {
        name: p
        for names in families.values()
        for name, p in zip(names, holm([tested[name].p for name in names]), strict=True)
    }
    return [_pair(verdicts, name, of_configuration, tested[name], adjusted[name], budget) for name in tested]


def _pair(
    verdicts: Verdicts,
    name: tuple[str, str, str, str],
    of_configuration: Mapping[tuple[str, str, str, str], Sequence[Matched]],
    tested: PairTest,
    adjusted: float,
    budget: str,
) -> ZeroShotPair:
    model, task, mixture, lang = name
    seeds = of_configuration[name]

    def cells(runs: Sequence[Run]) -> list[Cell]:
        return [verdicts.cells[run.name, lang] for run in runs]

    where = f"{model}, {task}, {lang}"
    return ZeroShotPair(
        model=model,
        task=task,
        mixture=mixture,
        size=seeds[0].run.size,
        lang=lang,
        tier=seeds[0].tier,
        zero_shot=accuracy(
            f"{_key(budget, name)}.zero_shot", f"{where}: zero-shot, {mixture}", cells([pair.run for pair in seeds])
        ),
        direct=accuracy(
            f"{_key(budget, name)}.direct", f"{where}: direct bilingual", cells([pair.other for pair in seeds])
        ),
        difference=tested.number,
        p=tested.p,
        p_holm=adjusted,
        equivalence=tested.equivalence,
    )


def _key(budget: str, name: tuple[str, str, str, str]) -> str:
    model, task, mixture, lang = name
    return f"zero_shot.{budget}.{task}.{model}.{mixture}.{lang}"


def _groups(
    verdicts: Verdicts, matched: Sequence[Matched], pairs: Sequence[ZeroShotPair], budget: str
) -> list[ZeroShotGroup]:
    found = []
    for tier in dict.fromkeys(pair.tier for pair in pairs):
        for size in (0, *sorted({pair.size for pair in pairs if pair.tier == tier})):
            own = [pair for pair in matched if pair.tier == tier and size in (0, pair.run.size)]
            for task in tasks_of(own):
                chosen = [
                    pair
                    for pair in pairs
                    if pair.tier == tier and size in (0, pair.size) and task in (POOLED, pair.task)
                ]
                found.append(_group(verdicts, (tier, size, task), of_task(own, task), chosen, budget))
    return found


def _group(
    verdicts: Verdicts,
    name: tuple[str, int, str],
    matched: Sequence[Matched],
    pairs: Sequence[ZeroShotPair],
    budget: str,
) -> ZeroShotGroup:
    tier, size, task = name
    key = f"zero_shot.{budget}.{tier}.{size or POOLED}.{task}"
    label = f"zero-shot against direct, {tier}, {f'L = {size}' if size else 'all L'}, {task}"
    cells = cells_of(matched)

    def part(short: str, words: str, chosen: Sequence[bool]) -> Number:
        return share(f"{key}.{short}", f"{words}, {label}", sum(chosen), len(pairs), cells)

    mean, estimate = mean_number(verdicts, f"{key}.mean", f"mean difference, {label}", matched)
    return ZeroShotGroup(
        tier=tier,
        size=size,
        task=task,
        mean=mean,
        estimate=estimate,
        reaching=part("reaching", "at least as many right", [pair.reaches for pair in pairs]),
        not_worse=part("not_worse", "no significant loss", [pair.p >= ALPHA or pair.reaches for pair in pairs]),
        better=part("better", "significantly better", [pair.outcome == "zero-shot better" for pair in pairs]),
        worse=part("worse", "significantly worse", [pair.outcome == "direct better" for pair in pairs]),
        equivalent=part("equivalent", "equivalent by TOST", [pair.equivalence.equivalent for pair in pairs]),
    )
