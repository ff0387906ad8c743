"""Scores of a run's shards: columns that still hold are read, the others are made.

A column holds as long as its check, its settings, its models and the rows that it was made from are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..toolkit.edits import Edit, apply_edits, run_edits
from ..toolkit.errors import DataError
from ..toolkit.languages import Language
from ..toolkit.records import Record, from_row
from ..toolkit.row_keys import column_keys, json_hash, rows_key
from .check import ABSTAIN, Check, Context, CorpusCheck, Model, Score
from .columns import Columns, read_scores, write_scores
from .pairs import Pair, pair_of
from .policy import Policy
from .registry import check_class, check_names

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.run import Run

_BLOCK = 1000  # pairs held as objects at a time


@dataclass(frozen=True)
class Shard:
    """One shard of a language: the input's rows with this run's edits on them. ``key`` is a hash of all that."""

    lang: str
    index: int
    key: str


@dataclass
class Scorer:
    """Makes the columns of ``run`` in the folder of ``made``, the filtered run, under a policy."""

    run: Run
    made: Run
    policy: Policy
    context: Context = field(default_factory=Context)

    def __post_init__(self) -> None:
        rules = self.policy.enabled
        self.checks: dict[str, Check] = {
            rule.name: check_class(rule.name)(rule.settings, self.context) for rule in rules
        }
        self.order = check_names()
        self._edits = run_edits(self.made.path)

    def close(self) -> None:
        """Ends what checks have started."""
        for check in self.checks.values():
            check.close()

    def shards(self, lang: str) -> list[Shard]:
        """The input's shards of a language."""
        return [Shard(lang, index, self._key(lang, index)) for index in self.run.shards(lang)]

    def models(self, language: Language) -> list[Model]:
        """The models that judge a language."""
        covered = (check for check in self.checks.values() if check.covers(language) is None)
        return list(dict.fromkeys(model for check in covered for model in check.models(language)))

    def stale(self, shard: Shard, keys: Mapping[str, Any]) -> list[str]:
        """The enabled checks whose column must be made. ``keys`` come from :meth:`keys`."""
        table = read_scores(self.made.path, shard.lang, shard.index)
        found = {} if table is None else column_keys(table.schema)
        return [name for name in self.checks if found.get(name) != self._identity(name, shard, keys)]

    def keys(self, language: Language, shards: Sequence[Shard]) -> dict[str, Any]:
        """What decides each check's column in a language, beside the rows of the shard."""
        found = {}
        for name, check in self.checks.items():
            rule = self.policy[name]
            key: dict[str, Any] = {"version": check.version, "settings": asdict(rule.settings)}
            why = check.covers(language)
            key |= {"uncovered": why} if why is not None else check.identity(language)
            if isinstance(check, CorpusCheck):
                key["corpus"] = json_hash([shard.key for shard in shards])
            found[name] = key
        return found

    def score(self, shard: Shard, language: Language, keys: Mapping[str, Any], names: Sequence[str]) -> None:
        """Makes the columns of checks that look at one pair at a time, and writes them."""
        table = self.rows(shard)
        columns = self._columns(shard, table, keys)
        checks = {name: self.checks[name] for name in names if not isinstance(self.checks[name], CorpusCheck)}
        scores: dict[str, list[Score]] = {name: [] for name in checks}
        for block in _blocks(self._pairs(shard, table, language)):
            for name, check in checks.items():
                covered = "uncovered" not in keys[name]
                scores[name] += check.score(block, language) if covered else [ABSTAIN] * len(block)
            self.context.progress.advance(language.code, len(block))
        for name, values in scores.items():
            columns.put(name, values, self._identity(name, shard, keys))
        write_scores(self.made.path, shard.lang, shard.index, columns, self.order)

    def score_corpus(self, shards: Sequence[Shard], language: Language, keys: Mapping[str, Any], name: str) -> None:
        """Makes the column of a check that looks at a whole language, in every shard."""
        check = self.checks[name]
        assert isinstance(check, CorpusCheck)
        every = check.score_all(self._every_pair(shards, language), language)
        for shard in shards:
            table = self.rows(shard)
            columns = self._columns(shard, table, keys)
            scores = [next(every) for _ in range(table.num_rows)]
            columns.put(name, scores, self._identity(name, shard, keys))
            write_scores(self.made.path, shard.lang, shard.index, columns, self.order)

    def count(self, shard: Shard) -> int:
        """How many rows the input's shard holds."""
        marker = self.run.done(shard.lang, shard.index)
        return int(marker["out"]) if marker else 0

    def rows(self, shard: Shard) -> pa.Table:
        """The shard's rows as they are judged: the input's, with this run's edits."""
        kept, _ = self.tables(shard)
        return kept

    def tables(self, shard: Shard) -> tuple[pa.Table, pa.Table | None]:
        """The shard's rows, and those that an earlier stage or a person has set aside."""
        table, rejected = self.run.table(shard.lang, shard.index), self.run.rejected_table(shard.lang, shard.index)
        edits = self._edits.get(shard.lang, {}).values()
        return apply_edits(table, rejected, edits, self.run.ids("en", shard.index)) if edits else (table, rejected)

    def _every_pair(self, shards: Sequence[Shard], language: Language) -> Iterator[Pair]:
        for shard in shards:
            yield from self._pairs(shard, self.rows(shard), language)

    def _pairs(self, shard: Shard, table: pa.Table, language: Language) -> Iterator[Pair]:
        sources: dict[str, Record] = {record.id: record for record in self.run.iter_shard("en", shard.index)}
        for batch in table.to_batches(max_chunksize=256):
            for row in batch.to_pylist():
                target = from_row(row)
                if target.id not in sources:
                    raise DataError(
                        f"{target.id} of {shard.lang} has no English record in {self.run.path}/en: make the run anew"
                    )
                yield pair_of(sources[target.id], target, language)

    def _columns(self, shard: Shard, table: pa.Table, keys: Mapping[str, Any]) -> Columns:
        """The columns that were made from the same rows, or none yet."""
        ids = table.column("id").to_pylist()
        found = read_scores(self.made.path, shard.lang, shard.index)
        if found is not None:
            columns = Columns.of(found)
            if columns.ids == ids:
                columns.keep_only([n for n, key in columns.identities.items() if key.get("rows") == shard.key])
                return columns
        return Columns(ids)

    def _identity(self, name: str, shard: Shard, keys: Mapping[str, Any]) -> Any:
        return {**keys[name], "rows": shard.key}

    def _key(self, lang: str, index: int) -> str:
        marker, english = self.run.done(lang, index), self.run.done("en", index)
        if marker is None or english is None:
            raise DataError(f"shard {index} of {lang} in {self.run.path} is not finished: run mlt translate again")
        return rows_key(english, marker, self._edits_in(lang, index))

    def _edits_in(self, lang: str, index: int) -> list[Edit]:
        """The edits of a shard's rows, those set aside included."""
        edits = self._edits.get(lang)
        if not edits:
            return []
        rejected = self.run.rejected_table(lang, index)
        ids = self.run.ids(lang, index) + ([] if rejected is None else rejected.column("id").to_pylist())
        return [edits[id] for id in ids if id in edits]


def _blocks(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    block: list[Pair] = []
    for pair in pairs:
        block.append(pair)
        if len(block) == _BLOCK:
            yield block
            block = []
    if block:
        yield block
