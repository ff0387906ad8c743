"""A filtered run: every shard scored, then decided, then written; what holds already is not done again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import MltError
from ..toolkit.languages import Language, resolve
from ..toolkit.own_models import repeated
from ..toolkit.row_keys import json_hash
from .agreement import forget
from .inputs import Inputs, Shard
from .maker import Maker
from .policy import Policy
from .scoring import Judges

if TYPE_CHECKING:
    from ..toolkit.progress import Progress
    from ..toolkit.store import RunStore

_FACTS = ("dropped", "failing", "abstained", "carried")
UNFINISHED = ("parts", "set_aside")
"""What run.json holds beside its numbers while several processes are at work: see :mod:`.distributed`."""


@dataclass
class Filtered:
    """The filtered run ``store`` as a whole, whoever makes its shards: its English, its languages, its numbers.

    ``judged``: who judges a language, by its code.
    """

    inputs: Inputs
    store: RunStore
    policy: Policy
    progress: Progress
    judged: dict[str, Judges] = field(default_factory=dict)

    def begin(self) -> None:
        """English stands in the filtered run as it stands in its input."""
        run = self.inputs.run
        indexes = run.shards("en")
        self._drop_others("en", indexes)
        for index in indexes:
            source, marker = run.done("en", index), self.store.done("en", index)
            assert source is not None
            key = json_hash([entry["blake2b"] for entry in source["files"].values()])
            if marker is None or marker["input"] != key:
                table, rejected = run.table("en", index), run.rejected_table("en", index)
                facts = {"in": source["in"], "input": key}
                self.store.write_tables("en", index, table, rejected, facts)

    def begin_language(self, lang: str) -> list[Shard]:
        """Makes a language part of the run; the input's shards of it, all others are dropped."""
        shards = self.inputs.shards(lang)
        self._drop_others(lang, [shard.index for shard in shards])
        self.store.begin(lang)
        self.progress.start(lang, sum(self.inputs.count(shard) for shard in shards))
        return shards

    def save(self, *, complete: bool = False, **unfinished: Any) -> None:
        """Writes run.json; ``complete``: as far as the input is. ``unfinished``: see :data:`UNFINISHED`."""
        source, manifest = self.inputs.run.manifest, self.store.manifest
        languages = {lang: self.store.totals(lang) for lang in self.store.languages}
        for lang, totals in languages.items():
            if sum(totals["rejected"].values()) + totals["out"] != totals["in"]:
                raise MltError(f"{lang}: rows were lost ({totals}); please report this")
        before = manifest.get("filter", {}).get("languages", {})
        judged = {lang: {"uncovered": entry["uncovered"], "models": entry["models"]} for lang, entry in before.items()}
        for lang, judges in self.judged.items():
            judged[lang] = {"uncovered": judges.uncovered, "models": judges.to_json()["models"]}
        for name in UNFINISHED:
            manifest.pop(name, None)
        if "parts" not in unfinished:
            forget(self.store)
        self.store.save_manifest(
            complete=complete and bool(source.get("complete", True)),
            languages={lang: {**totals, **repeated(source, lang)} for lang, totals in languages.items()},
            licenses=source.get("licenses", {}),
            model_notice=source.get("model_notice"),
            versions={**source.get("versions", {}), "mlt": version("mlt")},
            signature=f"{source['signature']}|filter:{json_hash(self.policy.to_json())[:12]}",
            input=self.inputs.run.where,
            filter={
                "policy": self.policy.to_json(),
                "models": _models(judged),
                "languages": {
                    lang: {**_summary(totals), **judged[lang]} for lang, totals in languages.items() if lang in judged
                },
            },
            **unfinished,
        )

    def _drop_others(self, lang: str, indexes: Sequence[int]) -> None:
        for index in set(self.store.shards(lang)) - set(indexes):
            self.store.drop_shard(lang, index)


def filter_here(filtered: Filtered, maker: Maker, langs: Sequence[str]) -> None:
    """Bring the filtered run to hold every row of the languages."""
    filtered.begin()
    for lang in langs:
        language = resolve(lang).language
        shards = filtered.begin_language(lang)
        filtered.judged[lang] = maker.scorer.judges(language)
        make_language(maker, language, shards, filtered.judged[lang].over(shards))
        filtered.save()
        filtered.progress.finish(lang)
    filtered.save(complete=True)


def make_language(maker: Maker, language: Language, shards: Sequence[Shard], keys: Mapping[str, Any]) -> None:
    """Bring the filtered run to hold every row of a language. MltError where a shard's scores are lost at once."""
    for shard in shards:
        maker.score(shard, language, keys)
    maker.score_whole(shards, language, keys)
    for shard in shards:
        if not maker.decide(shard, keys):
            raise MltError(f"the scores of shard {shard.index} of {shard.lang} are gone: run the same command again")


def _models(judged: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every model once, in the order of the languages."""
    entries = (model for lang in sorted(judged) for model in judged[lang]["models"])
    return list({(model["name"], model["revision"]): model for model in entries}.values())


def _summary(totals: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: dict(totals.get(name, {})) for name in _FACTS}
    return {"in": totals["in"] - sum(counts["carried"].values()), "kept": totals["out"], **counts}
