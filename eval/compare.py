"""Two evaluations against each other: the same items, paired, a language at a time and pooled.

The second less the first, so that a positive difference means that B is better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from ..toolkit.errors import DataError, UsageError
from ..toolkit.signature import diff
from .results import cell_rank, in_order, iter_samples, model_of, name_of, read_evaluation
from .score import PRIMARY
from .stats import ALPHA, Difference, Equivalence, McNemar, clustered_p, holm, mcnemar, paired_bootstrap, tost

MARGIN = 0.05
POOLED = "all"
"""What stands for the language where all of them are pooled."""

NAMED = 5
"""How many of the items that only one side has are named."""

_Key = tuple[str, str, str]  # task, test set, language
_Samples = Mapping[tuple[str, str], dict[str, Any]]  # by test set and key


@dataclass(frozen=True, slots=True)
class Row:
    """One language, or all of them pooled, by one verdict.

    ``a`` and ``b`` are accuracies (shares). ``p`` is of ``test``: McNemar's exact one where every item is a cluster of
    its own, else one robust to clusters; of languages it is adjusted by Holm's method over those of its test set.
    """

    task: str
    test_set: str
    lang: str
    verdict: str
    items: int
    a: float
    b: float
    difference: Difference
    mcnemar: McNemar
    p: float
    test: Literal["mcnemar", "clustered"]
    equivalence: Equivalence

    @property
    def conclusion(self) -> str:
        """What the row shows, in words."""
        better = "B" if self.difference.value > 0 else "A"
        if self.p < ALPHA:
            return f"{better} better, within the margin" if self.equivalence.equivalent else f"{better} better"
        return "equivalent" if self.equivalence.equivalent else "not settled"


@dataclass(frozen=True, slots=True)
class Unpaired:
    """How many items of a cell only one side holds, and the first of them by their id."""

    task: str
    test_set: str
    lang: str
    only_a: int
    only_b: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What :func:`compare` finds; ``differences`` are the settings that the two do not share: (name, A's, B's)."""

    models: tuple[dict[str, Any], dict[str, Any]]
    margin: float
    rows: tuple[Row, ...]
    unpaired: tuple[Unpaired, ...]
    differences: tuple[tuple[str, Any, Any], ...]
    path: Path | None = None

    @property
    def name_a(self) -> str:
        """What the first model is called."""
        return name_of(self.models[0])

    @property
    def name_b(self) -> str:
        """What the second model is called."""
        return name_of(self.models[1])

    def to_json(self) -> dict[str, Any]:
        """JSON values, each row with its conclusion."""
        return {
            "models": {"a": self.models[0], "b": self.models[1]},
            "margin": self.margin,
            "rows": [{**asdict(row), "conclusion": row.conclusion} for row in self.rows],
            "unpaired": [asdict(entry) for entry in self.unpaired],
            "differences": [{"name": name, "a": a, "b": b} for name, a, b in self.differences],
        }


@dataclass(frozen=True, slots=True)
class _Pair:
    group: str
    a: Mapping[str, bool]
    b: Mapping[str, bool]


def compare(
    a: str | PathLike[str],
    b: str | PathLike[str],
    *,
    margin: float = MARGIN,
    seed: int = 0,
    out: str | PathLike[str] | None = None,
) -> Comparison:
    """Compares two evaluations on the items that both hold: same task, language, item and prompt.

    ``margin``: the difference in accuracy, as a share, that is taken for none. With ``out``, comparison.json, .md,
    .html and .png are written into that folder. UsageError for a margin that is no share, DataError where nothing
    can be paired or the two were judged by other golds.
    """
    if not 0 < margin < 1:
        raise UsageError(f"margin {margin:g} is no share between 0 and 1: 0.05 is five percentage points")
    folders = Path(a), Path(b)
    manifests = [read_evaluation(folder) for folder in folders]
    samples = [{(sample["test_set"], sample["key"]): sample for sample in iter_samples(folder)} for folder in folders]
    pairs = _pairs(*samples)
    if not pairs:
        raise DataError(f"{a} and {b} have no item in common: evaluate both on the same test sets, languages and shots")
    found = Comparison(
        models=(model_of(manifests[0]), model_of(manifests[1])),
        margin=margin,
        rows=tuple(_rows(pairs, margin, seed)),
        unpaired=tuple(_unpaired(*samples)),
        differences=tuple(_settings(manifests)),
    )
    if out is None:
        return found
    from .compare_report import write_comparison

    write_comparison(Path(out), found)
    return replace(found, path=Path(out))


def _pairs(a: _Samples, b: _Samples) -> dict[_Key, list[_Pair]]:
    found: dict[_Key, list[_Pair]] = {}
    for key in sorted(a.keys() & b.keys()):
        one, other = a[key], b[key]
        if one["gold"] != other["gold"]:
            raise DataError(
                f"item {one['id']} ({one['lang']}) has gold {one['gold']!r} in A and {other['gold']!r} in B: "
                "evaluate both on the same test set"
            )
        found.setdefault(_cell(one), []).append(_Pair(one["group"], one["verdicts"], other["verdicts"]))
    return {cell: found[cell] for cell in sorted(found, key=cell_rank)}


def _rows(pairs: Mapping[_Key, list[_Pair]], margin: float, seed: int) -> list[Row]:
    rows: list[Row] = []
    for task, test_set in dict.fromkeys((task, test_set) for task, test_set, _ in pairs):
        cells = {lang: own for (*head, lang), own in pairs.items() if head == [task, test_set]}
        everything = [pair for own in cells.values() for pair in own]
        verdicts = set.intersection(*({*pair.a} & {*pair.b} for pair in everything))
        for verdict in in_order(verdicts, PRIMARY[task]):
            own_rows = [_row((task, test_set, lang), verdict, own, margin, seed) for lang, own in cells.items()]
            adjusted = holm([row.p for row in own_rows])
            rows += [replace(row, p=p) for row, p in zip(own_rows, adjusted, strict=True)]
            if len(cells) > 1:
                rows.append(_row((task, test_set, POOLED), verdict, everything, margin, seed))
    return rows


def _row(cell: _Key, verdict: str, pairs: Sequence[_Pair], margin: float, seed: int) -> Row:
    task, test_set, lang = cell
    a, b = [bool(pair.a[verdict]) for pair in pairs], [bool(pair.b[verdict]) for pair in pairs]
    clusters = [pair.group for pair in pairs]
    exact = mcnemar(a, b)
    alone = len(set(clusters)) == len(clusters)
    return Row(
        task=task,
        test_set=test_set,
        lang=lang,
        verdict=verdict,
        items=len(pairs),
        a=sum(a) / len(a),
        b=sum(b) / len(b),
        difference=paired_bootstrap(a, b, clusters, seed),
        mcnemar=exact,
        p=exact.p if alone else clustered_p(a, b, clusters),
        test="mcnemar" if alone else "clustered",
        equivalence=tost(a, b, clusters, margin),
    )


def _unpaired(a: _Samples, b: _Samples) -> list[Unpaired]:
    """The cells in which one side holds items that the other lacks."""
    alone = [[side[key] for key in sorted(side.keys() - other.keys())] for side, other in ((a, b), (b, a))]
    counts = [Counter(map(_cell, samples)) for samples in alone]
    ids: dict[_Key, dict[str, None]] = {}
    for sample in (*alone[0], *alone[1]):
        ids.setdefault(_cell(sample), {})[sample["id"]] = None
    return [
        Unpaired(*cell, only_a=counts[0][cell], only_b=counts[1][cell], ids=tuple(sorted(ids[cell])[:NAMED]))
        for cell in sorted(ids, key=cell_rank)
    ]


def _settings(manifests: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any, Any]]:
    """What differs between the two evaluations but for the model itself, and the test sets that only one side has."""
    shared = set.intersection(*({*manifest.get("sets", {})} for manifest in manifests))
    one, other = (
        {**manifest["identity"], "model": None, "sets": {name: _decided(manifest["sets"][name]) for name in shared}}
        for manifest in manifests
    )
    return diff(one, other)


def _decided(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What of a test set decides the prompts of items that both sides hold, and the room for an answer."""
    return {name: value for name, value in entry.items() if name in ("shots", "max_new_tokens")}


def _cell(sample: Mapping[str, Any]) -> _Key:
    return sample["task"], sample["test_set"], sample["lang"]
