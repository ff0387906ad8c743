"""The steps that make a filtered run: a shard is scored, a language is looked at as a whole, a shard is decided.

Each may be taken by another process, at any time and again: what stands already is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..toolkit.languages import Language
from ..toolkit.progress import Progress
from ..toolkit.records import rejected_schema
from ..toolkit.row_keys import column_keys, json_hash
from ..toolkit.shard_files import in_schema, reasons
from .columns import DETAILS, detail_of, read_scores
from .decide import KEPT, Decisions, decide, decision_key, reason_detail
from .inputs import Inputs, Shard
from .policy import Policy
from .registry import check_class
from .scoring import Scorer, is_corpus, stale_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.store import RunStore


@dataclass(frozen=True)
class Maker:
    """Makes the shards of ``store``, a filtered run. ``keys`` come from :meth:`~mlt.filter.scoring.Judges.over`."""

    store: RunStore
    scorer: Scorer

    @property
    def _inputs(self) -> Inputs:
        return self.scorer.inputs

    @property
    def _policy(self) -> Policy:
        return self.scorer.policy

    @property
    def _progress(self) -> Progress:
        return self.scorer.context.progress

    def score(self, shard: Shard, language: Language, keys: Mapping[str, Any]) -> None:
        """Makes the columns that are missing of the checks that look at one pair at a time."""
        stale = [name for name in self.scorer.stale(shard, keys) if not is_corpus(name)]
        if stale:
            self.scorer.score(shard, language, keys, stale)
        else:
            self._progress.advance(language.code, self._inputs.count(shard))

    def score_whole(self, shards: Sequence[Shard], language: Language, keys: Mapping[str, Any]) -> None:
        """Makes the columns that any shard lacks of the checks that look at a whole language, in all of its shards."""
        corpus = {name: key for name, key in keys.items() if is_corpus(name)}
        for name in dict.fromkeys(name for shard in shards for name in self.scorer.stale(shard, corpus)):
            self._progress.message(f"{language.code}: {name}")
            self.scorer.score_corpus(shards, language, keys, name)
            self._progress.message("")

    def decide(self, shard: Shard, keys: Mapping[str, Any]) -> bool:
        """Writes the shard as the policy decides, unless it stands so already. False where columns are missing yet."""
        scores = read_scores(self.store.path, shard.lang, shard.index)
        if scores is None or stale_columns(scores, shard, keys):
            return False
        key = decision_key(self._policy, shard.lang)
        basis = json_hash([shard.key, key, _columns_hash(scores, self._policy)])
        marker = self.store.done(shard.lang, shard.index)
        if marker is None or marker.get("basis") != basis:
            self._write(shard, scores, basis)
        return True

    def _write(self, shard: Shard, scores: pa.Table, basis: str) -> None:
        rows, carried = self._inputs.tables(shard)
        decisions = decide(scores, self._policy, shard.lang)
        dropped = dropped_rows(rows, scores, decisions, self._policy, shard.lang)
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
