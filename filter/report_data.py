"""What the report shows of a language, from two kinds of reading: some shards to choose the bins, all of them to count.

Held in memory are counts, histograms and the rows that are shown; no column of a whole language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.languages import resolve
from ..toolkit.records import Record, from_row
from .columns import DETAILS, ID
from .decide import decide
from .histogram import Histogram
from .lookup import read_columns, read_english, read_places, read_score_rows, texts_beside
from .policy import Policy, Rule
from .registry import check_class
from .sampling import KEPT, Best, Place, in_turn

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from ..toolkit.run import Run

EXAMPLES = 10
_PILOT_SHARDS = 16


@dataclass(frozen=True)
class CheckResult:
    """What a check has done in a language. ``uncovered``: why it has no scores there."""

    rule: Rule
    summary: str
    hard: bool
    dropped: int
    failing: int
    abstained: int
    uncovered: str | None
    histogram: Histogram | None = None


@dataclass(frozen=True)
class LanguageResult:
    """What became of a language. ``sampled``: state (kept, or a reason) -> its best-ranked rows."""

    lang: str
    name: str
    rows: int
    kept: int
    carried: Mapping[str, int]
    checks: Sequence[CheckResult]
    sampled: Mapping[str, Sequence[Place]]

    @property
    def dropped(self) -> int:
        """How many rows the filter has dropped."""
        return self.rows - self.kept


def read_language(run: Run, policy: Policy, lang: str) -> LanguageResult:
    """Reads a language's score columns; a language without any has counts only."""
    entry = run.manifest["filter"]["languages"].get(lang, {})
    shards = run.shards(lang)
    names = [rule.name for rule in policy.rules]
    histograms = _histograms(run, policy, lang, shards, names)
    best = Best(EXAMPLES)
    for index, table in score_tables(run, lang, shards, [ID, *names]):
        for name, histogram in histograms.items():
            histogram.add(_values(table, name))
        add_states(best, index, table, policy, lang)
    counts = {key: entry.get(key, {}) for key in ("carried", "dropped", "failing", "abstained", "uncovered")}
    filled = {name: histogram for name, histogram in histograms.items() if histogram.count}
    checks = [_check(rule, counts, filled.get(rule.name)) for rule in policy.rules]
    return LanguageResult(
        lang,
        resolve(lang).language.name,
        entry.get("in", 0),
        entry.get("kept", 0),
        counts["carried"],
        [check for check in checks if check.rule.enabled or check.histogram],
        best.groups(),
    )


def score_tables(run: Run, lang: str, shards: Sequence[int], columns: Sequence[str]) -> Iterator[tuple[int, pa.Table]]:
    """(shard, those of the columns that it has), shards without scores left out."""
    for index in shards:
        table = read_columns(run.file(layout.scores_file(lang, index)), columns)
        if table is not None:
            yield index, table


def add_states(best: Best, index: int, table: pa.Table, policy: Policy, lang: str) -> None:
    """Sorts a shard's rows into kept ones and dropped ones by reason, and has the best-ranked of each held."""
    import numpy as np

    decisions = decide(table, policy, lang)
    ids = table.column(ID)
    best.add(KEPT, index, ids.filter(decisions.kept).to_pylist())
    for number in np.unique(decisions.reasons[~decisions.kept]):
        best.add(decisions.checks[number], index, ids.filter(decisions.reasons == number).to_pylist())


def read_examples(run: Run, policy: Policy, results: Sequence[LanguageResult]) -> dict[str, dict[str, list[Any]]]:
    """Language -> ``kept`` and ``dropped`` -> the rows to show."""
    chosen = {result.lang: _chosen(result, policy) for result in results}
    places = {place.id: place for parts in chosen.values() for rows in parts.values() for place in rows}
    english = read_english(run, places.values())
    return {
        lang: {part: list(_still(part, read_rows(run, policy, lang, rows, english))) for part, rows in parts.items()}
        for lang, parts in chosen.items()
    }


def read_rows(
    run: Run, policy: Policy, lang: str, places: Sequence[Place], english: Mapping[str, Record]
) -> list[dict[str, Any]]:
    """Rows as they are shown: ``id``, ``lang``, ``state``, ``detail``, ``texts`` and what every check says of them.

    ``state`` is where the row stands: kept, or the reason for which it stands aside. A person's verdict may have moved
    it since it was scored.
    """
    kept, rejected = (read_places(run, lang, places, kept=kept) for kept in (True, False))
    scores = read_score_rows(run, lang, places)
    shown = []
    for place in places:
        row = kept.get(place.id) or rejected.get(place.id)
        if row is not None:
            source = english.get(place.id)
            shown.append(
                {
                    "id": place.id,
                    "lang": lang,
                    "state": row.get("reason") or KEPT,
                    "detail": row.get("detail") or "",
                    "english": source is not None,
                    "texts": texts_beside(source, from_row(row)),
                    "scores": judgements(scores.get(place.id, {}), policy, lang),
                }
            )
    return shown


def judgements(scores: Mapping[str, Any], policy: Policy, lang: str) -> list[dict[str, Any]]:
    """What each check says of a row: ``check``, ``hard``, ``score``, ``min``, ``max``, ``outcome`` and ``detail``.

    ``outcome`` is ``pass``, ``fail``, ``abstained``, or ``off`` where the policy does not ask the check. A check
    without a column is left out.
    """
    judged = []
    for rule in policy.rules:
        if rule.name not in scores:
            continue
        value, bounds = scores[rule.name], rule.threshold_for(lang)
        judged.append(
            {
                "check": rule.name,
                "hard": check_class(rule.name).hard,
                "score": value,
                "min": bounds.min,
                "max": bounds.max,
                "outcome": _outcome(rule, value, lang),
                "detail": scores.get(DETAILS, {}).get(rule.name, ""),
            }
        )
    return judged


def _outcome(rule: Rule, value: float | None, lang: str) -> str:
    bounds = rule.threshold_for(lang)
    if not rule.enabled:
        return "off"
    if value is None:
        return "abstained"
    low = bounds.min is not None and value < bounds.min
    high = bounds.max is not None and value > bounds.max
    return "fail" if low or high else "pass"


def _chosen(result: LanguageResult, policy: Policy) -> dict[str, list[Place]]:
    """Ten kept rows and ten dropped ones, of each reason in turn."""
    reasons = [rule.name for rule in policy.rules if rule.name in result.sampled]
    dropped = [place for _, place in in_turn([result.sampled[reason] for reason in reasons])]
    return {KEPT: list(result.sampled.get(KEPT, [])), "dropped": dropped[:EXAMPLES]}


def _still(part: str, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows that stand where their scores have put them."""
    return (row for row in rows if (row["state"] == KEPT) == (part == KEPT))


def _histograms(
    run: Run, policy: Policy, lang: str, shards: Sequence[int], names: Sequence[str]
) -> dict[str, Histogram]:
    """An empty histogram for each scored check, with bins chosen from shards spread over the language."""
    import numpy as np

    step = -(-len(shards) // _PILOT_SHARDS) or 1
    scored = [name for name in names if not check_class(name).hard]
    pilot: dict[str, list[Any]] = {}
    for _, table in score_tables(run, lang, shards[::step], scored):
        for name in table.column_names:
            pilot.setdefault(name, []).append(_values(table, name))
    found = {}
    for name, parts in pilot.items():
        values = np.concatenate(parts)
        bounds, direction = policy[name].threshold_for(lang), check_class(name).direction
        found[name] = Histogram(values[np.isfinite(values)], bounds, direction)
    return found


def _values(table: pa.Table, name: str) -> np.ndarray[Any, Any]:
    """The scores of a column, without the rows that have none."""
    import numpy as np

    if name not in table.column_names:
        return np.empty(0)
    values: np.ndarray[Any, Any] = table.column(name).to_numpy()
    return values[~np.isnan(values)]


def _check(rule: Rule, counts: Mapping[str, Mapping[str, Any]], histogram: Histogram | None) -> CheckResult:
    cls = check_class(rule.name)
    dropped, failing, abstained = (int(counts[key].get(rule.name, 0)) for key in ("dropped", "failing", "abstained"))
    uncovered = counts["uncovered"].get(rule.name)
    return CheckResult(rule, cls.summary, cls.hard, dropped, failing, abstained, uncovered, histogram)
