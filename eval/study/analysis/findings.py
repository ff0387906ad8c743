"""The paper's findings (arXiv 2604.13286), each held against this study's own runs.

Every claim is a bound that an effect has to lie beyond: a gain above 0; "as good as" above minus a margin, which is a
non-inferiority test; a coefficient of the paper's sign. It is supported where the 95 % interval lies wholly beyond the
bound, not supported where it lies wholly short of it, and else undecided at this power. The effects are means, for a
mean over runs has an error that knows both runs and items (:mod:`.contrasts`, :mod:`.cluster_errors`); the paper's are
medians. The claims are the paper's, named beforehand, and each is judged alone: no adjustment is made for their number.

A claim about models rests on a regression over models, as five of them are five observations however many runs they
have. Claims about the evaluated language and the number of languages rest on the adjusted regression: English is the
easiest language and always in training, which the paper's terms cannot tell from a gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ...report import TITLES
from .claims import Claims, less
from .contrasts import contrast
from .finding_terms import judge_term, regression_findings
from .grid import Grid, make_grid
from .judging import Claim, judge_contrast, unknown
from .regression import SQRT_L, fitted
from .verdicts import Finding

if TYPE_CHECKING:
    from .bilingual import Bilingual, Kind
    from .contrasts import Estimate
    from .evidence import Number
    from .long_table import StudyTable
    from .zero_shot import ZeroShot

MARGIN = 0.05
ALL = "all"
_BILINGUAL: dict[Kind, tuple[str, dict[str, float | None], str]] = {
    "direct": ("the language that was added", {"api": 0.0927, "math": 0.084, ALL: None}, "87.5 %"),
    "transfer": ("languages not in training", {"api": 0.0338, "math": 0.016, ALL: None}, "74.4 %"),
    "pivot": ("English", {"api": 0.0088, "math": 0.034, ALL: None}, "75.0 %"),
}
_LEFT_OUT = {4: "matches or exceeds in 87.5 %", 6: "matches or exceeds in 100 %", 9: "matches or exceeds in 100 %"}
_PEAKS = {"high": 4, "low": 5}


def find(
    table: StudyTable,
    *,
    margin: float = MARGIN,
    bilingual: Bilingual | None = None,
    zero_shot: ZeroShot | None = None,
) -> tuple[Finding, ...]:
    """Every claim of the paper with its verdict, in the order of a report; those without data are undecided.

    ``margin``: the difference, as a share, that still counts as "as good as". ``bilingual`` and ``zero_shot``, of the
    table's first budget, give medians and shares of configurations to stand beside the effects; they decide nothing.
    """
    grid = make_grid(table)
    budget = next(iter(grid.budgets), "")
    claims = Claims(grid, table.pivot, budget)
    found = (
        *_bilingual(grid, claims),
        *_left_out(grid, claims, margin),
        *_curve(grid, claims),
        *regression_findings(grid.of_budget(budget), budget),
        *_budgets(grid, table.pivot, budget),
    )
    beside = {**_medians(bilingual), **_shares(zero_shot)}
    return tuple(replace(finding, beside=beside.get(finding.key, ())) for finding in found)


def _medians(found: Bilingual | None) -> dict[str, tuple[Number, ...]]:
    """What the paper reports of bilingual training, by the finding that it belongs to."""
    own = [] if found is None else found.contrasts
    return {f"bilingual.{one.kind}.{one.task}": (one.median, one.median_items, one.wins) for one in own}


def _shares(found: ZeroShot | None) -> dict[str, tuple[Number, ...]]:
    """What the paper reports of languages left out, by the finding that it belongs to."""
    own = [] if found is None else [one for one in found.groups if found.group(one.tier, one.size) is one]
    return {f"zero_shot.{one.tier}.L{one.size}": (one.reaching, one.not_worse, one.equivalent) for one in own}


def _bilingual(grid: Grid, claims: Claims) -> Iterator[Finding]:
    missing = f"no run on two languages is finished together with one on {claims.pivot} alone"
    several = len({task for task, _, _ in claims.replicates}) > 1
    for kind, (where, paper, wins) in _BILINGUAL.items():
        for task, value in paper.items():
            if task == ALL and not several:
                continue
            gain = "" if value is None else f"{100 * value:+.2f} points (median); "
            claim = Claim(
                f"bilingual.{kind}.{task}",
                "bilingual",
                f"A second language in training gains in {where}: {TITLES.get(task, 'all tasks')}",
                paper=value,
                paper_says=f"{gain}gains in {wins} of the configurations of both tasks",
            )
            weights = claims.bilingual(kind, None if task == ALL else task)
            yield judge_contrast(claim, contrast(grid, weights), missing)


def _left_out(grid: Grid, claims: Claims, margin: float) -> Iterator[Finding]:
    missing = "no run that leaves a language of this tier out is finished together with the bilingual run on it"
    sizes = [size for size in claims.sizes if size > 2]
    for size in [size for size in sizes if claims.left_out("high", size)] or sizes[:1] or [4]:
        claim = Claim(
            f"zero_shot.high.L{size}",
            "zero_shot",
            f"Left out of {size} languages, a high-resource language does as well as trained on"
            f" (within {100 * margin:g} points)",
            bound=-margin,
            assumed=0.0,
            paper_says=_LEFT_OUT.get(size, ""),
        )
        weights = claims.left_out("high", size)
        yield judge_contrast(claim, contrast(grid, weights), missing, _no_room(grid, weights.values(), margin))
    widest = max((size for size in sizes if claims.left_out("low", size)), default=9)
    claim = Claim(
        f"zero_shot.low.L{widest}",
        "zero_shot",
        f"Left out of {widest} languages, a low-resource language does no better than trained on"
        f" (by {100 * margin:g} points)",
        bound=margin,
        above=False,
        assumed=0.0,
        paper_says="indistinguishable in 62.5 %, never better",
    )
    low = claims.left_out("low", widest)
    yield judge_contrast(claim, contrast(grid, low), missing, _no_room(grid, low.values(), margin))
    claim = Claim(
        f"zero_shot.tiers.L{widest}",
        "zero_shot",
        f"Left out of {widest} languages, high-resource languages lose less than low-resource ones",
        paper_says="matches or exceeds in 100 % (high), indistinguishable in 62.5 % (low)",
    )
    yield judge_contrast(claim, contrast(grid, less(claims.left_out("high", widest), low)), missing)


def _no_room(grid: Grid, weights: Iterable[dict[int, float]], margin: float) -> str:
    """Why "within the margin" would say nothing: direct training's accuracy lies too near to 0 or 1."""
    numbers = [number for of_cells in weights for number, weight in of_cells.items() if weight < 0]
    if not numbers:
        return ""
    mean = float(grid.cells["accuracy"].to_numpy()[numbers].mean())
    if 2 * margin <= mean <= 1 - 2 * margin:
        return ""
    return f"direct training gets {100 * mean:.1f} % right, which leaves no room to differ by {100 * margin:g} points"


def _curve(grid: Grid, claims: Claims) -> Iterator[Finding]:
    """The smallest model on API calling: up to a peak, then slightly down."""
    smallest, problem = _smallest(grid)
    replicates = [name for name in claims.replicates if name[:2] == ("api", smallest)]
    widest = max(claims.sizes, default=10)
    for tier, peak in _PEAKS.items():
        end = widest if widest > peak else "more"
        ways = (
            ("rise", f"gains in {tier}-resource languages from 1 to {peak} languages", peak, 1, True),
            (
                "decline",
                f"loses in {tier}-resource languages from {peak} to {end} languages",
                widest,
                peak,
                False,
            ),
        )
        for way, text, size, other, above in ways:
            claim = Claim(
                f"curve.{tier}.{way}",
                "curve",
                f"The smallest model {text}: {TITLES['api']}",
                above=above,
                paper_says=f"rises to L = {peak}, then declines slightly" if way == "rise" else "a slight decline",
            )
            # A study that goes no further than the peak has no decline to show.
            weights = claims.sizes_apart(replicates, size, other, tier) if size > other else {}
            missing = f"no runs of {smallest} on {size} and on {other} languages are finished"
            if size <= other:
                missing = f"no run on more than {peak} languages is finished"
            yield judge_contrast(claim, None if problem else contrast(grid, weights), problem or missing)


def _smallest(grid: Grid) -> tuple[str, str]:
    """The model with the fewest parameters, or why it is not known."""
    models = grid.cells.drop_duplicates("model")
    if len(models) > 1 and models["log10_parameters"].isna().any():
        return "", "the sizes of the models are not known"
    return str(models.loc[models["log10_parameters"].fillna(0).idxmin(), "model"]), ""


def _budgets(grid: Grid, pivot: str, main: str) -> Iterator[Finding]:
    """What the paper's one budget cannot tell apart: more languages, and more text and steps."""
    for budget in grid.budgets:
        if budget in ("total", "steps"):
            yield _diversity(grid, budget)
            if main != budget:
                yield judge_contrast(*_volume(grid, pivot, main, budget))


def _diversity(grid: Grid, budget: str) -> Finding:
    claim = Claim(
        f"budgets.diversity.{budget}",
        "budgets",
        f"More languages gain at the same volume of training (budget {budget})",
        paper_says="its data and steps grow with the number of languages",
    )
    found = fitted(grid.of_budget(budget), "adjusted")
    if found is None or SQRT_L not in found.places:
        return unknown(claim, f"runs of budget {budget} do not differ in their number of languages, or are too few")
    return judge_term(claim, found, SQRT_L)


def _volume(grid: Grid, pivot: str, main: str, budget: str) -> tuple[Claim, Estimate | None, str]:
    claim = Claim(
        f"budgets.volume.{budget}",
        "budgets",
        f"A part of what more languages gain is volume (budget {main} against {budget})",
        paper_says="named as a limitation",
    )
    ours, theirs = Claims(grid, pivot, main), Claims(grid, pivot, budget)
    shared = set(ours.sizes) & set(theirs.sizes)
    missing = "runs of one and of more languages are not finished under both budgets"
    if len(shared) < 2:
        return claim, None, missing
    ends = max(shared), min(shared)
    weights = less(ours.sizes_apart(ours.replicates, *ends), theirs.sizes_apart(theirs.replicates, *ends))
    return claim, contrast(grid, weights), missing
