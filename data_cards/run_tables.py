"""The tables of a card about a run: how each language fared, what the checks have measured, where rows come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..toolkit.languages import all_languages
from .markdown import any_direction, code, cut, escape, joined, number, percent, table
from .sources import hub_id

if TYPE_CHECKING:
    from markupsafe import Markup

    from .evidence import CheckScores, Example, Judge, LanguageEvidence, RunEvidence, Slot, SourceUse


def language_name(code: str) -> str:
    """A language's English name; its code where it is none that we know."""
    return next((language.name for language in all_languages() if language.code == code), code)


def languages_table(run: RunEvidence, tasks: Sequence[str]) -> Markup:
    """A row a language: rows in, kept, by task where there are several, and set aside by reason."""
    several = tasks if len(tasks) > 1 else ()
    last: dict[str, list[Markup | str]] = {
        "set aside before the filter" if run.filtered else "set aside": [_reasons(x.before) for x in run.languages],
        "dropped by the filter": [_reasons(x.by_filter) for x in run.languages],
        "edited by people": [_edited(x) for x in run.languages],
    }
    said = {name: cells for name, cells in last.items() if any(cells)}
    columns = ["language", "", "in", "kept", "kept, %", *(escape(f"{task}: kept of in") for task in several), *said]
    rows = [
        [
            *(code(language.lang), language_name(language.lang), language.total, language.kept),
            percent(language.kept, language.total),
            *(_of_task(language, task) for task in several),
            *(cells[index] for cells in said.values()),
        ]
        for index, language in enumerate(run.languages)
    ]
    return table(columns, rows, right=range(2, 5 + len(several)))


def judges_table(run: RunEvidence) -> Markup:
    """A row a translated language: which models have judged it, and on how many rows."""
    languages = _scored(run)
    qe = any(language.qe for language in languages)
    columns = ["language", "language ID", "judged", "abstained", *(("QE", "scored", "abstained") if qe else ())]
    rows = [
        [code(language.lang), *_judged(language.language_id), *(_judged(language.qe) if qe else ())]
        for language in languages
    ]
    return table(columns, rows, right=(2, 3, 5, 6))


def scores_table(run: RunEvidence) -> Markup:
    """A row a translated language, a column a scored check: the quantiles, then what is outside and what abstained."""
    checks = _checks(run, vetoes=False)
    bounds = {name: {_bounds(check) for check in found.values()} for name, found in checks.items()}
    alike = {name for name, texts in bounds.items() if len(texts) == 1}
    columns = [joined([code(name), *map(escape, bounds[name] if name in alike else ())], "<br>") for name in checks]
    return _checks_table(run, checks, columns, lambda check: _quantiles(check, with_bounds=check.name not in alike))


def vetoes_table(run: RunEvidence) -> Markup:
    """A row a translated language, a column a veto: rows that fail, and in brackets those it abstained on."""
    checks = _checks(run, vetoes=True)
    return _checks_table(run, checks, [code(name) for name in checks], _failed)


def uncovered(run: RunEvidence) -> list[tuple[str, str, str]]:
    """(check, language, why) of every check that cannot judge a language."""
    return [
        (check.name, language.lang, check.uncovered)
        for language in run.languages
        for check in language.checks
        if check.uncovered
    ]


def rungs_table(run: RunEvidence) -> Markup:
    """A row a translated language: how many units its kept rows have, and which share was accepted on which rung."""
    languages = [language for language in run.languages if language.units]
    totals: dict[str, int] = {}
    for rung in (rung for language in languages for rung in language.rungs):
        totals[rung.rung] = totals.get(rung.rung, 0) + rung.units
    order = sorted(totals, key=lambda name: (-totals[name], name))
    rows = []
    for language in languages:
        shares = {rung.rung: rung.percent for rung in language.rungs}
        rows.append([code(language.lang), language.units, *(shares.get(name, 0) for name in order)])
    columns = ["language", "units", *(joined([code(name), escape(", %")]) for name in order)]
    return table(columns, rows, right=range(1, len(columns)))


def shortlists_table(run: RunEvidence) -> Markup:
    """A row a language that was translated with a list of words: the list, and what its audit has found."""
    rows = [
        [
            *(code(language.lang), code(found["kind"]), found.get("words"), found.get("vocabulary")),
            *(found.get("audited"), percent(found.get("identical") or 0, found.get("audited") or 0)),
            found.get("chrf"),
        ]
        for language in run.languages
        if (found := language.shortlist) is not None
    ]
    columns = ["language", "list", "words", "of", "audited units", "the same, %", "chrF of the others"]
    return table(columns, rows, right=range(2, len(columns)))


def sources_table(sources: Iterable[SourceUse]) -> Markup:
    """Where the kept English rows come from."""
    columns = ["data set", "revision", "splits", "licence", "rows"]
    rows = [
        [source_link(use.dataset), code(use.revision), ", ".join(use.splits), use.license, use.rows] for use in sources
    ]
    return table(columns, rows, right=(4,))


def source_link(dataset: str) -> Markup:
    """A data set's name, with a link where it lies on the Hub."""
    from markupsafe import Markup

    name = code(dataset)
    return Markup(f"[{name}](https://huggingface.co/datasets/{dataset})") if hub_id(dataset) else name


def example_table(example: Example) -> Markup:
    """An item in every language that keeps it: what was said, and the target."""
    rows = [
        [code(lang), _dialogue([slot for slot in slots if slot.role != "target"]), _target(slots)]
        for lang, slots in example.texts.items()
    ]
    return table(["language", "messages", "target"], rows)


def _scored(run: RunEvidence) -> list[LanguageEvidence]:
    return [language for language in run.languages if language.checks]


def _of_task(language: LanguageEvidence, task: str) -> str:
    counts = language.tasks.get(task)
    return "" if counts is None else f"{number(counts.kept)} of {number(counts.total)}"


def _reasons(reasons: Mapping[str, int]) -> Markup:
    return joined([joined([code(reason), escape(f" {number(rows)}")]) for reason, rows in reasons.items()], ", ")


def _edited(language: LanguageEvidence) -> str:
    if not language.edited:
        return ""
    back = f", {number(language.brought_back)} of them brought back" if language.brought_back else ""
    return f"{number(language.edited)}{back}"


def _judged(judge: Judge | None) -> tuple[Markup, int | None, int | None]:
    if judge is None:
        return escape("not run"), None, None
    if judge.name is None:
        return escape(f"uncalibrated: {judge.uncovered or 'no model covers the language'}"), 0, judge.abstained
    at = f" {judge.revision}" if judge.revision else ""
    return joined([code(judge.name), escape(at)]), judge.scored, judge.abstained


def _checks(run: RunEvidence, *, vetoes: bool) -> dict[str, dict[str, CheckScores]]:
    """The vetoes, or the scored checks: name -> language -> what it has found."""
    found: dict[str, dict[str, CheckScores]] = {}
    for language in _scored(run):
        for check in language.checks:
            if check.veto == vetoes:
                found.setdefault(check.name, {})[language.lang] = check
    return found


def _checks_table(
    run: RunEvidence,
    checks: Mapping[str, Mapping[str, CheckScores]],
    columns: Sequence[Markup],
    show: Callable[[CheckScores], Markup],
) -> Markup:
    rows = [
        [code(lang), *(show(found[lang]) if lang in found else "" for found in checks.values())]
        for lang in (language.lang for language in _scored(run))
    ]
    return table(["language", *columns], rows, right=range(1, len(columns) + 1))


def _quantiles(check: CheckScores, *, with_bounds: bool) -> Markup:
    """The quantiles of a check, then the rows outside of its bounds and those without a score, where there are any."""
    lines = [" / ".join(map(number, check.quantiles)) if check.quantiles else "no score"]
    lines += [_bounds(check)] if with_bounds else []
    lines += [f"{number(check.outside)} outside"] if check.outside and check.enabled else []
    lines += [f"{number(check.abstained)} abstained"] if check.abstained else []
    return joined(map(escape, lines), "<br>")


def _bounds(check: CheckScores) -> str:
    if not check.enabled:
        return "drops nothing"
    if check.min is None:
        return "no bound" if check.max is None else f"at most {number(check.max)}"
    return f"at least {number(check.min)}" if check.max is None else f"{number(check.min)} to {number(check.max)}"


def _failed(check: CheckScores) -> Markup:
    abstained = f" ({number(check.abstained)})" if check.abstained else ""
    return escape(f"{number(check.outside)}{abstained}{'' if check.enabled else ', off'}")


def _dialogue(slots: Sequence[Slot]) -> Markup:
    """What was said; who said it, where there is more than one turn."""
    if len(slots) == 1:
        return _shown(slots[0].text)
    return joined([joined([escape(f"{slot.role}: "), _shown(slot.text)]) for slot in slots], "<br>")


def _target(slots: Sequence[Slot]) -> Markup:
    return joined([_shown(slot.text) for slot in slots if slot.role == "target"], "<br>")


def _shown(text: str) -> Markup:
    return any_direction(escape(cut(text)))
