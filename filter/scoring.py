"""Scores of a run's shards: columns that still hold are read, the others are made.

A column holds as long as its check, its settings, its models and the rows that it was made from are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError
from ..toolkit.languages import Language
from ..toolkit.records import Record, from_row
from ..toolkit.row_keys import column_keys, json_hash
from .check import ABSTAIN, Check, Context, CorpusCheck, Model, Score
from .columns import Columns, read_scores, write_scores
from .inputs import Inputs, Shard
from .pairs import Pair, pair_of
from .policy import Policy
from .registry import check_class, check_names

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1000  # pairs held as objects at a time


@dataclass(frozen=True)
class Judges:
    """Who judges a language: per enabled check what decides its column beside the rows, as JSON values; the models."""

    keys: Mapping[str, Mapping[str, Any]]
    models: tuple[Model, ...]

    @property
    def uncovered(self) -> dict[str, str]:
        """The checks that cannot judge the language, and why."""
        return {name: key["uncovered"] for name, key in self.keys.items() if "uncovered" in key}

    def over(self, shards: Sequence[Shard]) -> dict[str, Any]:
        """What decides each check's column in a language of these shards, beside the rows of the shard itself."""
        corpus = {"corpus": json_hash([shard.key for shard in shards])}
        return {name: {**key, **(corpus if is_corpus(name) else {})} for name, key in self.keys.items()}

    def to_json(self) -> dict[str, Any]:
        """The judges as JSON values."""
        return {"keys": dict(self.keys), "models": [asdict(model) for model in self.models]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Judges:
        """The inverse of :meth:`to_json`."""
        return cls(value["keys"], tuple(Model(**model) for model in value["models"]))


@dataclass
class Scorer:
    """Makes the columns of ``inputs`` in the folder of its filtered run, under a policy.

    ``only``: the checks that are made ready; None: all that are enabled.
    """

    inputs: Inputs
    policy: Policy
    context: Context = field(default_factory=Context)
    only: Collection[str] | None = None

    def __post_init__(self) -> None:
        self.checks: dict[str, Check] = {
            rule.name: check_class(rule.name)(rule.settings, self.context)
            for rule in self.policy.enabled
            if self.only is None or rule.name in self.only
        }
        self.order = check_names()

    def close(self) -> None:
        """Ends what checks have started."""
        for check in self.checks.values():
            check.close()

    def judges(self, language: Language) -> Judges:
        """Who judges a language here."""
        keys = {}
        for name, check in self.checks.items():
            why = check.covers(language)
            decides = {"uncovered": why} if why is not None else check.identity(language)
            keys[name] = {"version": check.version, "settings": asdict(self.policy[name].settings), **decides}
        covered = (check for name, check in self.checks.items() if "uncovered" not in keys[name])
        models = dict.fromkeys(model for check in covered for model in check.models(language))
        return Judges(keys, tuple(models))

    def stale(self, shard: Shard, keys: Mapping[str, Any]) -> list[str]:
        """The checks of ``keys`` whose column must be made. ``keys`` come from :meth:`Judges.over`."""
        return stale_columns(read_scores(self.inputs.made.path, shard.lang, shard.index), shard, keys)

    def score(self, shard: Shard, language: Language, keys: Mapping[str, Any], names: Sequence[str]) -> None:
        """Makes the columns of checks that look at one pair at a time, and writes them."""
        table = self.inputs.rows(shard)
        columns = self._columns(shard, table)
        checks = {name: self.checks[name] for name in names if not is_corpus(name)}
        scores: dict[str, list[Score]] = {name: [] for name in checks}
        for block in _blocks(self._pairs(shard, table, language)):
            for name, check in checks.items():
                covered = "uncovered" not in keys[name]
                scores[name] += check.score(block, language) if covered else [ABSTAIN] * len(block)
            self.context.progress.advance(language.code, len(block))
        for name, values in scores.items():
            columns.put(name, values, column_identity(name, shard, keys))
        write_scores(self.inputs.made.path, shard.lang, shard.index, columns, self.order)

    def score_corpus(self, shards: Sequence[Shard], language: Language, keys: Mapping[str, Any], name: str) -> None:
        """Makes the column of a check that looks at a whole language, in every shard."""
        check = self.checks[name]
        assert isinstance(check, CorpusCheck)
        every = check.score_all(self._every_pair(shards, language), language)
        for shard in shards:
            table = self.inputs.rows(shard)
            columns = self._columns(shard, table)
            scores = [next(every) for _ in range(table.num_rows)]
            columns.put(name, scores, column_identity(name, shard, keys))
            write_scores(self.inputs.made.path, shard.lang, shard.index, columns, self.order)

    def _every_pair(self, shards: Sequence[Shard], language: Language) -> Iterator[Pair]:
        for shard in shards:
            yield from self._pairs(shard, self.inputs.rows(shard), language)

    def _pairs(self, shard: Shard, table: pa.Table, language: Language) -> Iterator[Pair]:
        run = self.inputs.run
        sources: dict[str, Record] = {record.id: record for record in run.iter_shard("en", shard.index)}
        for batch in table.to_batches(max_chunksize=256):
            for row in batch.to_pylist():
                target = from_row(row)
                if target.id not in sources:
                    raise DataError(
                        f"{target.id} of {shard.lang} has no English record in {run.where}/en: make the run anew"
                    )
                yield pair_of(sources[target.id], target, language)

    def _columns(self, shard: Shard, table: pa.Table) -> Columns:
        """The columns that were made from the same rows, or none yet."""
        ids = table.column("id").to_pylist()
        found = read_scores(self.inputs.made.path, shard.lang, shard.index)
        if found is not None:
            columns = Columns.of(found)
            if columns.ids == ids:
                columns.keep_only([n for n, key in columns.identities.items() if key.get("rows") == shard.key])
                return columns
        return Columns(ids)


def is_corpus(name: str) -> bool:
    """Whether a check must see a whole language."""
    return issubclass(check_class(name), CorpusCheck)


def stale_columns(scores: pa.Table | None, shard: Shard, keys: Mapping[str, Any]) -> list[str]:
    """The checks of ``keys`` whose column a scores table lacks, or has from other rows, settings or models."""
    found = {} if scores is None else column_keys(scores.schema)
    return [name for name in keys if found.get(name) != column_identity(name, shard, keys)]


def column_identity(name: str, shard: Shard, keys: Mapping[str, Any]) -> Any:
    """All that decides a check's column in a shard."""
    return {**keys[name], "rows": shard.key}


def _blocks(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    block: list[Pair] = []
    for pair in pairs:
        block.append(pair)
        if len(block) == _BLOCK:
            yield block
            block = []
    if block:
        yield block
