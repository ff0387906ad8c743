"""One of several tasks that make a filtered run together (``--shard 3/64``), on any scheduler.

A task scores its shards and decides those of which nothing else has to be known. ``mlt merge`` does the rest.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...toolkit.errors import DataError
from ...toolkit.joined_run import JoinedRun, open_part
from ...toolkit.languages import resolve
from ...toolkit.parts import Part
from ...toolkit.remote_files import shown
from ...toolkit.shard_files import short
from ...toolkit.signature import diff
from ..agreement import agree
from ..inputs import Inputs
from ..job import FilterResult, Job, chosen_languages, scores_of_machine
from ..maker import Maker
from ..pipeline import Filtered
from ..scoring import Scorer

if TYPE_CHECKING:
    from ...toolkit.run import Run
    from ...toolkit.store import RunStore


def filter_part(job: Job, part: Part) -> FilterResult:
    """Brings a filtered run to hold the scores of a part of its shards, in every language.

    Raises DataError where the tasks before were given another policy, EnvironmentProblem where this machine judges by
    other models than theirs.
    """
    found: list[Run] = []

    def begin(store: RunStore) -> None:
        inputs = Inputs(job.input_run(), store)
        found.append(inputs.run)
        before = store.manifest.get("parts")
        now = _said(job, inputs.run)
        if before is not None:
            _require_same(job, before, now)
            now["langs"] = list(dict.fromkeys([*before["langs"], *now["langs"]]))
        filtered = Filtered(inputs, store, job.policy, job.context.progress)
        filtered.begin()
        if before != now:
            filtered.save(parts=now)

    with open_part(job.out, job.identity(), part, begin) as store:
        inputs = Inputs(found[0], store)
        apart = None if job.context.cache_dir else scores_of_machine()
        with closing(Scorer(inputs, job.policy, replace(job.context, scores_dir=apart))) as scorer:
            for lang in chosen_languages(inputs.run, job.langs):
                _make(Maker(store, scorer), store, lang, part)
        return FilterResult(job.out, dict(store.manifest))


def _make(maker: Maker, store: JoinedRun, lang: str, part: Part) -> None:
    scorer, language = maker.scorer, resolve(lang).language
    shards = scorer.inputs.shards(lang)
    mine = [shard for shard in shards if part.holds(lang, shard.index)]
    if not mine:
        return
    keys = agree(store, lang, scorer.policy, scorer.judges(language)).over(shards)
    store.begin(lang)
    progress = scorer.context.progress
    progress.start(lang, sum(map(scorer.inputs.count, mine)))
    for shard in mine:
        maker.score(shard, language, keys)
        maker.decide(shard, keys)
    progress.finish(lang)


def _said(job: Job, run: Run) -> dict[str, Any]:
    """What ``mlt merge`` has to know of the command that the tasks were given."""
    return {
        "source": shown(str(job.source)),
        "at": shown(job.place),
        "policy": job.policy.to_json(),
        "intersection": job.intersection,
        "langs": chosen_languages(run, job.langs),
    }


def _require_same(job: Job, before: dict[str, Any], now: dict[str, Any]) -> None:
    ignored = {"langs": None, "source": None}
    for name, theirs, ours in diff({**before, **ignored}, {**now, **ignored}):
        raise DataError(
            f"{job.out} is being filtered by tasks with {name} = {short(theirs)}, this one has {short(ours)}: give all "
            "tasks the same options, or run mlt merge first"
        )
