"""What a policy would do to a run that has been scored: decided from the columns, written nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ..toolkit.errors import DataError
from ..toolkit.languages import resolve
from ..toolkit.progress import Progress
from .api import chosen_policy
from .check import Context
from .columns import read_scores
from .decide import decide, sum_counts
from .inputs import Inputs, Shard
from .job import INPUT, chosen_languages, is_run
from .policy import Policy
from .scoring import Scorer


def preview(
    source: Path,
    out: Path,
    *,
    policy: str | Path | Mapping[str, Any] | None,
    lid: str | None,
    qe: str | None,
    langs: str | Sequence[str] | None,
    cache_dir: Path | None,
    progress: Progress,
) -> dict[str, Any]:
    """Per language: ``rows``, ``to_score`` (checks whose columns must be made first) and, where there are none, what
    would be kept and dropped. Nothing is written; raises DataError where ``out`` holds no filtered run yet of a file of
    pairs, since those are read when it is made.
    """
    from ..toolkit.run import open_run

    folder = source if is_run(source) else out / INPUT
    if not folder.exists():
        raise DataError(f"{out} holds no filtered run yet: run the command without --dry-run first")
    run = open_run(folder)
    made = open_run(out) if (out / "run.json").exists() else run
    rules = chosen_policy(policy, lid, qe)
    context = Context(None if cache_dir is None else str(cache_dir), progress)
    with closing(Scorer(Inputs(run, made), rules, context)) as scorer:
        return {"languages": {lang: _language(scorer, rules, lang) for lang in chosen_languages(run, langs)}}


def _language(scorer: Scorer, policy: Policy, lang: str) -> dict[str, Any]:
    language = resolve(lang).language
    shards = scorer.inputs.shards(lang)
    keys = scorer.judges(language).over(shards)
    stale = dict.fromkeys(name for shard in shards for name in scorer.stale(shard, keys))
    rows = sum(scorer.inputs.count(shard) for shard in shards)
    if stale:
        return {"rows": rows, "to_score": list(stale)}
    return {"rows": rows, "to_score": [], "in": rows, **_decided(scorer, policy, shards)}


def _decided(scorer: Scorer, policy: Policy, shards: Sequence[Shard]) -> dict[str, Any]:
    kept, dropped = 0, []
    for shard in shards:
        table = read_scores(scorer.inputs.made.path, shard.lang, shard.index)
        assert table is not None
        decisions = decide(table, policy, shard.lang)
        kept += int(decisions.kept.sum())
        dropped.append(decisions.dropped())
    return {"kept": kept, "dropped": sum_counts(dropped)}
