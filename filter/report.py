"""``report.html``: what a filtered run keeps and drops, and why, in one file that needs no other and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.files import write_atomic
from ..toolkit.signature import diff, signature
from .pages import page
from .policy import Policy, load_policy
from .report_data import LanguageResult, read_examples, read_language

if TYPE_CHECKING:
    from ..toolkit.run import Run

REPORT = "report.html"


def write_report(run: Run, policy: Policy) -> Path:
    """Writes the report of a filtered run, made under ``policy``, into its folder.

    The same run gives the same bytes. Memory grows with languages and checks, not with rows.
    """
    results = [read_language(run, policy, lang) for lang in run.languages if lang != "en"]
    html = page(
        "report.html",
        ("base.css", "report.css"),
        head=_head(run.manifest),
        changes=_changes(policy),
        totals=_totals(results),
        results=results,
        columns=_columns(policy, results),
        off=[rule.name for rule in policy.rules if not rule.enabled],
        uncovered=_uncovered(results),
        examples=read_examples(run, policy, results),
        models=run.manifest["filter"].get("models", []),
        licenses=run.manifest.get("licenses") or {},
        notice=run.manifest.get("model_notice"),
    )
    path = run.path / REPORT
    write_atomic(path, html)
    return path


def _head(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "input": manifest.get("input"),
        "signature": manifest.get("signature") or signature(manifest["identity"]),
        "complete": manifest.get("complete", True),
    }


def _changes(policy: Policy) -> list[tuple[str, Any, Any]]:
    """(check.key, shipped, here) where the policy differs from the shipped one."""
    return [(key.removeprefix("checks."), *values) for key, *values in diff(load_policy().to_json(), policy.to_json())]


def _totals(results: Sequence[LanguageResult]) -> dict[str, int]:
    return {
        "in": sum(result.rows for result in results),
        "kept": sum(result.kept for result in results),
        "dropped": sum(result.dropped for result in results),
        "carried": sum(sum(result.carried.values()) for result in results),
    }


def _columns(policy: Policy, results: Sequence[LanguageResult]) -> list[str]:
    """The checks of the big table: those asked that failed a row, or do not cover a language."""
    told = {
        check.rule.name
        for result in results
        for check in result.checks
        if check.dropped or check.failing or check.uncovered
    }
    return [rule.name for rule in policy.enabled if rule.name in told]


def _uncovered(results: Sequence[LanguageResult]) -> list[tuple[str, str, list[str]]]:
    """(check, why, languages): where a check has no scores."""
    found: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for check in result.checks:
            if check.rule.enabled and check.uncovered:
                found.setdefault((check.rule.name, check.uncovered), []).append(result.lang)
    return [(name, why, langs) for (name, why), langs in found.items()]
