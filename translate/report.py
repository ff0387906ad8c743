"""What the command line says of a finished run and of a dry one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..toolkit.tables import print_table, time_text
from .ladder import RUNGS


def show_result(manifest: Mapping[str, Any]) -> None:
    """The table of a run: per language what came in, what is published, what was rejected and why."""
    rows = [
        (lang, count["in"], count["out"], _reasons(count["rejected"]), _rate(count.get("units_per_s")))
        for lang, count in manifest["languages"].items()
    ]
    print_table(["language", "in", "out", "rejected", "units/s"], rows, right=["in", "out", "units/s"])
    _show_models(manifest["languages"])
    _show_lists(manifest["languages"])
    rungs = {lang: count["rungs"] for lang, count in manifest["languages"].items() if count.get("rungs")}
    used = {name for counts in rungs.values() for name in counts}
    names = [*(name for name in RUNGS if name in used), *sorted(used - set(RUNGS))]
    if names:
        print()
        rows_of_rungs = [(lang, *(_share(name, counts) for name in names)) for lang, counts in rungs.items()]
        print_table(["units by rung", *names], rows_of_rungs, right=names)


def _show_models(languages: Mapping[str, Any]) -> None:
    """The table of the models, where the languages have one each."""
    rows = [
        (lang, found["identity"]["model"], found["license"] or "unknown")
        for lang, count in languages.items()
        if (found := count.get("engine"))
    ]
    if rows:
        print()
        print_table(["language", "model", "license"], rows)


def _show_lists(languages: Mapping[str, Any]) -> None:
    """The table of the lists that a run used, if it used any."""
    rows = [
        (lang, found["kind"], _of(found["words"], found["vocabulary"]), _of(found["identical"], found["audited"]))
        for lang, count in languages.items()
        if (found := count.get("shortlist"))
    ]
    if rows:
        print()
        print_table(["shortlist", "kind", "words", "same in the audit"], rows, right=["words", "same in the audit"])


def show_estimate(facts: Mapping[str, Any]) -> None:
    """The tables of a dry run: amounts, then tokens, unknown tokens and time per language, then licences."""
    amounts = ("rows", "records", "units", "unique_units")
    columns = [*(name.replace("_", " ") for name in amounts), "rejected"]
    row = [*(f"{facts[name]:,}" for name in amounts), _reasons(facts.get("rejected") or {})]
    print_table(columns, [row], right=columns[:-1])
    print()
    rows = [
        (
            lang,
            f"{entry['source_tokens']:,}",
            f"{100 * entry['unknown_rate']:.2f} %",
            _rate(entry["units_per_s"]),
            "" if entry["estimated_seconds"] is None else time_text(entry["estimated_seconds"]),
        )
        for lang, entry in facts["languages"].items()
    ]
    columns = ["language", "source tokens", "unknown", "units/s", "estimated time"]
    print_table(columns, rows, right=columns[1:])
    if facts.get("estimated_seconds") is not None:
        print(f"\nThe whole run: about {time_text(facts['estimated_seconds'])}")
    print()
    print_table(["of", "license"], ((of, name or "unknown") for of, name in facts["licenses"].items()))


def _reasons(rejected: Mapping[str, int]) -> str:
    """``3: span-lost 2, numbers 1``, the most frequent first."""
    ordered = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    reasons = ", ".join(f"{reason} {n}" for reason, n in ordered)
    return f"{sum(rejected.values())}: {reasons}" if reasons else "0"


def _of(part: int | None, whole: int | None) -> str:
    return "" if not part or not whole else f"{part:,} of {whole:,}"


def _rate(units_per_s: float | None) -> str:
    return "" if units_per_s is None else f"{units_per_s:,.3g}" if units_per_s < 1000 else f"{units_per_s:,.0f}"


def _share(name: str, counts: Mapping[str, int]) -> str:
    """Percent of the units on a rung; a rung that was used is never shown as zero."""
    share = 100 * counts.get(name, 0) / max(1, sum(counts.values()))
    return "< 0.1 %" if 0 < share < 0.1 else f"{share:.1f} %"
