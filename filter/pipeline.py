"""A filtered run: every shard scored, then decided, then written; what holds already is not done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import MltError
from ..toolkit.languages import Language, resolve
from ..toolkit.records import rejected_schema
from ..toolkit.row_keys import column_keys, json_hash
from ..toolkit.shard_files import in_schema, reasons
from .check import CorpusCheck
from .columns import DETAILS, detail_of, read_scores
from .decide import KEPT, Decisions, decide, decision_key, reason_detail
from .policy import Policy
from .registry import check_class
from .scoring import Scorer, Shard

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.progress import Progress
    from ..toolkit.run import Run
    from ..toolkit.store import RunStore

_FACTS = ("dropped", "failing", "abstained", "carried")


@dataclass
class Pipeline:
    """A run (``run``) and the filtered run that is made of it (``store``)."""

    run: Run
    store: RunStore
    policy: Policy
    scorer: Scorer
    progress: Progress
    _judged: dict[str, dict[str, Any]] = field(default_factory=dict)

    def filter(self, langs: Sequence[str]) -> None:
        """Bring the filtered run to hold every row of the languages."""
        self._copy_english()
        for lang in langs:
            self._filter(resolve(lang).language)
        self._save_manifest(complete=bool(self.run.manifest.get("complete", True)))

    def _filter(self, language: Language) -> None:
        shards = self.scorer.shards(language.code)
        for index in set(self.store.shards(language.code)) - {shard.index for shard in shards}:
            self.store.drop_shard(language.code, index)
        self.store.begin(language.code)
        self.progress.start(language.code, sum(self.scorer.count(shard) for shard in shards))
        keys = self.scorer.keys(language, shards)
        self._score(language, shards, keys)
        for shard in shards:
            self._decide(shard)
        self._judged[language.code] = {
            "uncovered": {name: key["uncovered"] for name, key in keys.items() if "uncovered" in key},
            "models": [asdict(model) for model in self.scorer.models(language)],
        }
        self._save_manifest(complete=False)
        self.progress.finish(language.code)

    def _score(self, language: Language, shards: Sequence[Shard], keys: Mapping[str, Any]) -> None:
        corpus: dict[str, None] = {}
        for shard in shards:
            stale = self.scorer.stale(shard, keys)
            whole = [name for name in stale if isinstance(self.scorer.checks[name], CorpusCheck)]
            if len(whole) < len(stale):
                self.scorer.score(shard, language, keys, stale)
            else:
                self.progress.advance(language.code, self.scorer.count(shard))
            corpus |= dict.fromkeys(whole)
        for name in corpus:
            self.progress.message(f"{language.code}: {name}")
            self.scorer.score_corpus(shards, language, keys, name)
            self.progress.message("")

    def _decide(self, shard: Shard) -> None:
        """Write the shard as the policy decides, unless it stands so already."""
        key = decision_key(self.policy, shard.lang)
        scores = read_scores(self.store.path, shard.lang, shard.index)
        assert scores is not None
        basis = json_hash([shard.key, key, _columns_hash(scores, self.policy)])
        marker = self.store.done(shard.lang, shard.index)
        if marker is not None and marker.get("basis") == basis:
            return
        rows, carried = self.scorer.tables(shard)
        decisions = decide(scores, self.policy, shard.lang)
        dropped = dropped_rows(rows, scores, decisions, self.policy, shard.lang)
        # A person's "good" brings a dropped row back; it counts as kept then.
        kept, rejected = self.store.edited(
            shard.lang, shard.index, rows.filter(decisions.kept), _joined(carried, dropped)
        )
        facts = {
            "in": rows.num_rows + (carried.num_rows if carried is not None else 0),
            "input": shard.key,
            "basis": basis,
            "carried": reasons(carried),
            "dropped": _still_dropped(dropped, rejected),
            "failing": dict(decisions.failing),
            "abstained": dict(decisions.abstained),
        }
        self.store.write_tables(shard.lang, shard.index, kept, rejected, facts)

    def _copy_english(self) -> None:
        """English stands in the filtered run as it stands in its input."""
        indexes = self.run.shards("en")
        for index in set(self.store.shards("en")) - set(indexes):
            self.store.drop_shard("en", index)
        for index in indexes:
            source, marker = self.run.done("en", index), self.store.done("en", index)
            assert source is not None
            key = json_hash([entry["blake2b"] for entry in source["files"].values()])
            if marker is None or marker["input"] != key:
                table, rejected = self.run.table("en", index), self.run.rejected_table("en", index)
                facts = {"in": source["in"], "input": key}
                self.store.write_tables("en", index, table, rejected, facts)

    def _save_manifest(self, *, complete: bool) -> None:
        languages = {lang: self.store.totals(lang) for lang in self.store.languages}
        for lang, totals in languages.items():
            if sum(totals["rejected"].values()) + totals["out"] != totals["in"]:
                raise MltError(f"{lang}: rows were lost ({totals}); please report this")
        source = self.run.manifest
        said = {lang: entry["shortlist"] for lang, entry in source.get("languages", {}).items() if "shortlist" in entry}
        before = self.store.manifest.get("filter", {}).get("languages", {})
        judged = {**{lang: _judged_before(before[lang]) for lang in before}, **self._judged}
        self.store.save_manifest(
            complete=complete,
            languages={
                lang: {**totals, **({"shortlist": said[lang]} if lang in said else {})}
                for lang, totals in languages.items()
            },
            licenses=source.get("licenses", {}),
            model_notice=source.get("model_notice"),
            versions={**source.get("versions", {}), "mlt": version("mlt")},
            signature=f"{source['signature']}|filter:{json_hash(self.policy.to_json())[:12]}",
            input=str(self.run.path),
            filter={
                "policy": self.policy.to_json(),
                "models": _models(entry["models"] for entry in judged.values()),
                "languages": {
                    lang: {**_summary(totals), "uncovered": judged[lang]["uncovered"], "models": judged[lang]["models"]}
                    for lang, totals in languages.items()
                    if lang in judged
                },
            },
        )


def dropped_rows(rows: pa.Table, scores: pa.Table, decisions: Decisions, policy: Policy, lang: str) -> pa.Table | None:
    """The rows that are dropped, as rejected rows with reason, detail and score; None where all are kept."""
    import numpy as np
    import pyarrow as pa

    places = np.flatnonzero(decisions.reasons != KEPT)
    if not len(places):
        return None
    names = [decisions.checks[index] for index in decisions.reasons[places]]
    picked = scores.take(pa.array(places))
    details = picked.column(DETAILS).to_pylist()
    values = [picked.column(name)[place].as_py() for place, name in enumerate(names)]
    words = [
        reason_detail(policy[name], lang, value, detail_of(seen, name), hard=check_class(name).hard)
        for name, value, seen in zip(names, values, details, strict=True)
    ]
    table = rows.take(pa.array(places))
    for name, column in (("reason", names), ("detail", words)):
        table = table.append_column(name, pa.array(column, pa.string()))
    table = table.append_column("score", pa.array(values, pa.float64()))
    return in_schema(table, rejected_schema())


def _judged_before(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {"uncovered": summary["uncovered"], "models": summary["models"]}


def _models(entries: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Every model once."""
    return list({(model["name"], model["revision"]): model for models in entries for model in models}.values())


def _joined(carried: pa.Table | None, dropped: pa.Table | None) -> pa.Table | None:
    import pyarrow as pa

    tables = [table for table in (carried, dropped) if table is not None]
    return pa.concat_tables(tables) if tables else None


def _still_dropped(dropped: pa.Table | None, rejected: pa.Table | None) -> dict[str, int]:
    """How many rows each check has dropped, without those that a person brought back."""
    import pyarrow.compute as pc

    if dropped is None or rejected is None:
        return {}
    return reasons(dropped.filter(pc.is_in(dropped.column("id"), value_set=rejected.column("id"))))


def _columns_hash(scores: pa.Table, policy: Policy) -> str:
    """A hash of what decided the columns that the policy reads."""
    identities = column_keys(scores.schema)
    return json_hash([identities.get(rule.name) for rule in policy.enabled])


def _summary(totals: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: dict(totals.get(name, {})) for name in _FACTS}
    return {"in": totals["in"] - sum(counts["carried"].values()), "kept": totals["out"], **counts}
