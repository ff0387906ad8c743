"""What the files of a mixture say: rows, tokens and bytes by split, task and language, and what was taken out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import DataError
from ..toolkit.json_rows import read_jsonl
from ..toolkit.mixtures import REMOVED, SPLITS
from .columns import pieces
from .evidence import Counts, MixtureEvidence

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from ..toolkit.mixtures import Mixture

_READ = {"prompt": ("prompt", "completion"), "messages": ("messages", "tools")}
_Sums = dict[str, dict[str, dict[str, int]]]


def read_mixture(mixture: Mixture) -> MixtureEvidence:
    """Counts a mixture's rows, a row group in memory at a time; DataError where a file is damaged."""
    manifest = mixture.manifest
    texts = _READ.get(manifest.get("format", ""))
    if texts is None:
        raise DataError(f"{mixture.path} has format {manifest.get('format')!r}; known are {', '.join(_READ)}")
    if missing := [name for name in ("signature", "languages", "tasks") if not manifest.get(name)]:
        raise DataError(f"{mixture.path} does not say its {missing[0]}: make the mixture again")
    counts, tokens, sizes = _Sums(), _Sums(), _Sums()
    for split in SPLITS:
        for table in pieces(mixture.files(split), ["task", "lang", "tokens", *texts]):
            for row in _sums(table):
                place = split, row["task"], row["lang"]
                _add(counts, place, row["lang_count"])
                _add(sizes, place, row["bytes_sum"])
                if row["tokens_count"]:
                    _add(tokens, place, row["tokens_sum"])
    counts, tokens, sizes = (_in_order(sums, manifest["languages"]) for sums in (counts, tokens, sizes))
    return MixtureEvidence(
        name=mixture.name,
        signature=manifest["signature"],
        format=manifest["format"],
        languages=tuple(manifest["languages"]),
        tasks=tuple(manifest["tasks"]),
        counts=counts,
        tokens=tokens or None,
        bytes=sizes,
        removed=_removed(mixture),
        manifest=manifest,
    )


def total(counts: Counts) -> int:
    """The sum of all splits, tasks and languages."""
    return sum(number for tasks in counts.values() for langs in tasks.values() for number in langs.values())


def _sums(table: pa.Table) -> list[dict[str, Any]]:
    import pyarrow as pa

    table = table.append_column("bytes", pa.array(text_sizes(table)))
    sums: list[dict[str, Any]] = (
        table.select(["task", "lang", "tokens", "bytes"])
        .group_by(["task", "lang"], use_threads=False)
        .aggregate([("lang", "count"), ("bytes", "sum"), ("tokens", "sum"), ("tokens", "count")])
        .to_pylist()
    )
    return sums


def text_sizes(table: pa.Table) -> np.ndarray[Any, Any]:
    """UTF-8 bytes of each row's texts: prompt and completion; or tools, contents and calls, on a line each."""
    if "prompt" in table.column_names:
        return _lengths(table.column("prompt")) + _lengths(table.column("completion"))
    return _lines(table)


def _lines(table: pa.Table) -> np.ndarray[Any, Any]:
    import numpy as np
    import pyarrow.compute as pc

    rows, messages = len(table), table.column("messages").combine_chunks()
    said, of_row = pc.list_flatten(messages), pc.list_parent_indices(messages).to_numpy(zero_copy_only=False)
    calls = pc.struct_field(said, "tool_calls")
    functions = pc.struct_field(pc.list_flatten(calls), "function")
    of_call = of_row[pc.list_parent_indices(calls).to_numpy(zero_copy_only=False)]
    parts = [
        (np.arange(rows), table.column("tools")),
        (of_row, pc.struct_field(said, "content")),
        (of_call, pc.struct_field(functions, "name")),
        (of_call, pc.struct_field(functions, "arguments")),
    ]
    sizes, lines = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    for owners, texts in parts:
        lengths = _lengths(texts)
        np.add.at(sizes, owners, lengths)
        np.add.at(lines, owners, lengths > 0)
    return sizes + np.maximum(lines - 1, 0)  # the breaks between the lines


def _lengths(texts: Any) -> np.ndarray[Any, Any]:
    import numpy as np
    import pyarrow.compute as pc

    lengths: np.ndarray[Any, Any] = pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False)
    return lengths.astype(np.int64)


def _in_order(sums: _Sums, languages: Sequence[str]) -> _Sums:
    """Tasks by name and languages as the manifest has them, whichever row came first in the files."""
    places = {lang: place for place, lang in enumerate(languages)}
    return {
        split: {
            task: dict(sorted(found.items(), key=lambda item: (places.get(item[0], len(places)), item[0])))
            for task, found in sorted(tasks.items())
        }
        for split, tasks in sums.items()
    }


def _removed(mixture: Mixture) -> dict[str, dict[str, int]]:
    """Rows that were taken out, by test set and rule, both sorted."""
    path = mixture.path / REMOVED
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in read_jsonl(path, 0) if path.is_file() else ():
        if row.data is None or not all(isinstance(row.data.get(name), str) for name in ("test_set", "rule")):
            raise DataError(f"{path}:{row.number} names no test set and rule: make the mixture again")
        found[row.data["test_set"]][row.data["rule"]] += 1
    return {name: dict(sorted(rules.items())) for name, rules in sorted(found.items())}


def _add(sums: _Sums, place: tuple[str, str, str], number: int) -> None:
    split, task, lang = place
    langs = sums.setdefault(split, {}).setdefault(task, {})
    langs[lang] = langs.get(lang, 0) + number
