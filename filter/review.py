"""``review.html``: a sample of rows for a person to mark and correct, in one page that saves ``edits.jsonl``."""

from __future__ import annotations

from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.files import write_atomic
from ..toolkit.languages import resolve
from ..toolkit.records import dump_json
from .columns import ID
from .lookup import policy_of, read_english
from .pages import embedded_json, page
from .policy import Policy, load_policy
from .report_data import add_states, read_rows, score_tables
from .sampling import KEPT, Best, Place, in_turn

if TYPE_CHECKING:
    from ..toolkit.run import Run

REVIEW = "review.html"


def write_review(run: Run, n: int, seed: int = 0) -> Path:
    """Writes the page into the folder of a filtered run: ``n`` rows, of every language kept ones and each reason's.

    Each of these groups gives a row in turn, in the order of blake2b(seed, id), until there are ``n``: the same rows
    each time. Raises UsageError for ``n`` below 1, DataError for a run that was not filtered.
    """
    if n < 1:
        raise UsageError(f"--review {n}: expected 1 or more rows")
    policy = load_policy(policy_of(run))
    rows = _rows(run, policy, n, seed)
    data = {"key": _key(run, rows, seed), "rows": rows, "names": {row["lang"]: _name(row["lang"]) for row in rows}}
    html = page(
        "review.html",
        ("base.css", "review.css"),
        "review.js",
        data=embedded_json(data),
        rows=len(rows),
    )
    path = run.path / REVIEW
    write_atomic(path, html)
    return path


def _rows(run: Run, policy: Policy, n: int, seed: int) -> list[dict[str, Any]]:
    """The sample, language by language."""
    chosen = _sample(run, policy, n, seed)
    english = read_english(run, {place.id: place for places in chosen.values() for place in places}.values())
    return [
        {**row, "scores": [entry for entry in row["scores"] if entry["score"] is not None]}
        for lang, places in chosen.items()
        for row in read_rows(run, policy, lang, places, english)
    ]


def _sample(run: Run, policy: Policy, n: int, seed: int) -> dict[str, list[Place]]:
    """Language -> ``n`` rows in all, one of each group in turn: kept rows first, then each reason's."""
    sampled = {lang: _groups(run, policy, lang, n, seed) for lang in run.languages if lang != "en"}
    states = [KEPT, *(rule.name for rule in policy.rules)]
    groups = [(lang, sampled[lang][state]) for state in states for lang in sampled if state in sampled[lang]]
    chosen: dict[str, list[Place]] = {lang: [] for lang in sampled}
    for number, place in islice(in_turn([places for _, places in groups]), n):
        chosen[groups[number][0]].append(place)
    return chosen


def _groups(run: Run, policy: Policy, lang: str, n: int, seed: int) -> dict[str, list[Place]]:
    best = Best(n, seed)
    columns = [ID, *(rule.name for rule in policy.enabled)]
    for index, table in score_tables(run, lang, run.shards(lang), columns):
        add_states(best, index, table, policy, lang)
    return dict(best.groups())


def _key(run: Run, rows: list[dict[str, Any]], seed: int) -> str:
    """Under which name a browser keeps the marks: another sample, or other texts, is another page."""
    shown = [[row["id"], row["lang"], row["texts"]] for row in rows]
    text = dump_json([run.manifest["identity"], seed, shown])
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def _name(lang: str) -> str:
    return resolve(lang).language.name
