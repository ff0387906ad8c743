"""The findings and the regressions of a study as parts of its report."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from ...numbers import percent
from ..analysis.mixed import MixedModel
from ..analysis.regression import Regression
from ..analysis.verdicts import Finding
from .figure_canvas import Picture
from .figures import Entry, intervals
from .sections import Section
from .tables import Chip, Table, Value, interval_text, known, value_text

_LABEL = 60
_FINDINGS = (
    "The paper’s claims, each held against this study’s own numbers. Supported: the 95 % interval of the effect lies "
    "wholly beyond the bound of the claim; not supported: it lies wholly short of it; undecided: it holds the bound, "
    "or there is too little to compute it. Power is the chance that a study as precise as this one had to find the "
    "paper’s effect supported: where it is low, an undecided claim says little."
)


def findings_section(findings: Sequence[Finding]) -> Section:
    """The verdicts as one table, and per family a figure of the effects beside the paper's."""
    if not findings:
        return Section("findings", "Findings", _FINDINGS, empty="No claim could be held against these runs.")
    return Section(
        "findings",
        "Findings",
        _FINDINGS,
        pictures=_effects(findings),
        tables=(_verdicts(findings),),
        folded=_beside(findings),
    )


def regression_section(found: Sequence[Regression], mixed: MixedModel | None) -> Section:
    """The regressions' coefficients beside the paper's, their fit on runs left out, and the mixed model."""
    lead = (
        "Accuracy of a cell (a share) on what its run is, over all cells at once. The paper resamples cells, though "
        "the cells of a run share its training, and splits them at random, so that a run is on both sides: its way is "
        "given beside the one that holds. A coefficient of 0.1 is ten points."
    )
    fitted = [one for one in found if one.terms]
    tables = [_terms(one) for one in fitted] + ([_fit(fitted)] if fitted else [])
    if mixed is not None and mixed.terms:
        tables.append(_mixed(mixed))
    why = [f"{one.title}: {one.empty}" for one in found if one.empty]
    if mixed is not None and mixed.empty:
        why.append(f"Logistic mixed model: {mixed.empty}")
    reason = "; ".join(why) or "No regression was fitted."
    if not tables:
        return Section("regression", "Regressions", lead, empty=reason)
    extra = f" Not there: {reason}." if why else ""
    pictures = tuple(_forest(one) for one in fitted)
    return Section("regression", "Regressions", lead + extra, pictures=pictures, tables=tuple(tables))


def _verdicts(findings: Sequence[Finding]) -> Table:
    rows = tuple(
        (
            finding.claim,
            Chip(finding.verdict),
            finding.effect,
            _claimed(finding),
            value_text(finding.paper, finding.effect.unit) if finding.paper is not None else finding.paper_says or "—",
            "—" if finding.power is None else f"{percent(finding.power)} %",
            finding.reason,
        )
        for finding in findings
    )
    columns = ("claim", "verdict", "effect [95 %]", "supported if", "the paper", "power", "why")
    return Table("findings", "Findings", columns, rows, words=2, note="Differences are percentage points.")


def _claimed(finding: Finding) -> str:
    bound = value_text(finding.bound, finding.effect.unit)
    return f"{'>' if finding.above else '<'} {bound}"


def _beside(findings: Sequence[Finding]) -> tuple[Table, ...]:
    rows = tuple((finding.claim, number.label, number) for finding in findings for number in finding.beside)
    if not rows:
        return ()
    note = "They stand beside the effects and decide nothing."
    return (Table("beside", "Further numbers of the findings", ("claim", "number", "value"), rows, words=2, note=note),)


def _effects(findings: Sequence[Finding]) -> tuple[Picture, ...]:
    """A figure for differences and one for coefficients: their scales are not the same."""
    pictures = []
    for unit, x in (
        ("difference", "percentage points (95 % interval)"),
        ("coefficient", "coefficient (95 % interval)"),
    ):
        own = [one for one in findings if one.effect.unit == unit and known(one.effect) is not None]
        if own:
            entries = [Entry(fill(one.claim, _LABEL), one.effect, "this study", one.paper) for one in own]
            pictures.append(intervals(f"findings-{unit}", f"Effects of the findings: {unit}s", entries, x=x))
    return tuple(pictures)


def _terms(found: Regression) -> Table:
    rows = tuple(
        (term.label, term.number, term.as_paper, value_text(term.paper, "coefficient")) for term in found.terms
    )
    left = "; ".join(f"{out.label}: {out.why}" for out in found.left_out)
    note = f"Over {found.cells:,} cells of {found.runs:,} runs." + (f" Left out: {left}." if left else "")
    columns = ("term", "coefficient [95 %]", "the paper’s interval", "the paper")
    return Table(f"regression-{found.key}-{found.budget}", _title(found), columns, rows, note=note)


def _fit(found: Sequence[Regression]) -> Table:
    rows: tuple[tuple[Value, ...], ...] = tuple((_title(one), one.r2, one.r2_by_run, one.r2_random) for one in found)
    columns = ("regression", "R² in sample", "R² on runs left out", "R² on random cells (leaks)")
    return Table("regression-fit", "How well they predict", columns, rows, note="The paper: 0.805 on random cells.")


def _mixed(mixed: MixedModel) -> Table:
    numbers = [*mixed.terms, *(number for number in (mixed.run_sd, mixed.item_sd) if number is not None)]
    rows = tuple((number.label, number) for number in numbers)
    note = f"{mixed.method} {mixed.rows:,} of {mixed.of:,} answers.".strip()
    title = "Logistic mixed model of right answers, with run and item effects"
    return Table("mixed", title, ("term", "log-odds [interval]"), rows, note=note)


def _forest(found: Regression) -> Picture:
    entries = []
    for term in found.terms:
        entries.append(Entry(term.label, term.number, "interval that holds", term.paper))
        if interval_text(term.as_paper):
            entries.append(Entry(term.label, term.as_paper, "the paper’s way"))
    name = f"regression-{found.key}-{found.budget}"
    return intervals(name, _title(found), entries, x="coefficient: change in accuracy, as a share (95 % interval)")


def _title(found: Regression) -> str:
    return f"{found.title} ({found.budget})" if found.budget else found.title
