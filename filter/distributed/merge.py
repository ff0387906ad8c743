"""What several tasks have scored becomes one filtered run."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...toolkit.errors import DataError, UsageError
from ...toolkit.languages import Language, resolve
from ...toolkit.progress import Progress
from ...toolkit.remote_files import url_of
from ...toolkit.run import read_manifest
from ...toolkit.signature import diff
from ...toolkit.store import RunStore
from ..agreement import agreed_judges, forget
from ..check import Context
from ..inputs import Inputs, Shard
from ..job import INTERSECTION, FilterResult, Job, is_run
from ..maker import Maker
from ..pipeline import Filtered, make_language
from ..policy import load_policy
from ..report import REPORT
from ..scoring import Scorer, is_corpus

_SHOWN = 5


def merge(out: Path, progress: Progress) -> FilterResult:
    """Asks the checks that see a whole language, decides, and writes the manifest and the report of a filtered run.

    No model is needed. Raises DataError, with nothing called complete, where shards were not scored or the input has
    changed; UsageError where no task has written the folder.
    """
    with RunStore.open(out, read_manifest(out)["identity"]) as store:
        record = store.manifest.get("parts")
        if record is None:
            return _as_it_stands(store)
        job = _job(out, record, store.manifest["identity"], progress)
        inputs = Inputs(job.input_run(), store)
        filtered = Filtered(inputs, store, job.policy, progress)
        filtered.begin()
        whole = [rule.name for rule in job.policy.enabled if is_corpus(rule.name)]
        with closing(Scorer(inputs, job.policy, job.context, only=whole)) as scorer:
            for language, shards in _scored(filtered, scorer, record["langs"]).items():
                keys = filtered.judged[language.code].over(shards)
                make_language(Maker(store, scorer), language, shards, keys)
                progress.finish(language.code)
        filtered.save(complete=True, parts=record)  # until all is written, the same command can do it again
        result = job.finish(filtered)
        del store.manifest["parts"]
        store.save_manifest()
        forget(store)
        return replace(result, manifest=dict(store.manifest))


def _job(out: Path, record: dict[str, Any], identity: dict[str, Any], progress: Progress) -> Job:
    """The command of the tasks. DataError where what they have filtered is not the same any more."""
    given, place = Path(record["source"]), Path(record["at"])  # the first as from the folder of the tasks
    asked = {name: identity["input"][name] for name in ("columns", "shard_size") if name in identity["input"]}
    source = given if url_of(given) is None and given.resolve() == place else place
    job = Job.opened(
        source,
        out,
        load_policy(record["policy"]),
        langs=record["langs"],
        intersection=record["intersection"],
        context=Context(progress=progress),
        **({} if is_run(source) else asked),
    )
    for name, before, now in diff(identity, job.identity()):
        raise DataError(
            f"{record['source']} is not what the tasks have filtered ({name} was {before!r}, now it is {now!r}): "
            "filter it again"
        )
    return job


def _scored(filtered: Filtered, scorer: Scorer, langs: list[str]) -> dict[Language, list[Shard]]:
    """The shards of each language, all of them scored by the tasks; DataError where some are not."""
    found, missing = {}, []
    for lang in langs:
        shards = filtered.begin_language(lang)
        judges = agreed_judges(filtered.store, lang, filtered.policy)
        if judges is None:
            missing += [f"{lang} {shard.index}" for shard in shards]
            continue
        alone = {name: key for name, key in judges.keys.items() if not is_corpus(name)}
        missing += [f"{lang} {shard.index}" for shard in shards if scorer.stale(shard, alone)]
        filtered.judged[lang] = judges
        found[resolve(lang).language] = shards
    if missing:
        more = ", …" if len(missing) > _SHOWN else ""
        raise DataError(
            f"{filtered.store.path} lacks the scores of {len(missing)} shards ({', '.join(missing[:_SHOWN])}{more}): "
            "run their tasks again"
        )
    return found


def _as_it_stands(store: RunStore) -> FilterResult:
    if not store.manifest.get("complete"):
        raise UsageError(f"{store.path} was written by no task of mlt filter --shard: run mlt filter again instead")
    both = store.path / INTERSECTION
    return FilterResult(store.path, dict(store.manifest), store.path / REPORT, both if both.is_dir() else None)
