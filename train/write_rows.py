"""The rows of a mixture, written as Parquet in an order that mixes its languages.

Rows are read shard by shard, wait in one scratch file, and are written in the order of blake2b(seed, language, id):
memory holds a thousand of them, whatever their number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ..toolkit.files import disk_errors, file_hash
from ..toolkit.mixtures import SPLITS, mixture_schema, split_file
from ..toolkit.progress import Progress
from ..toolkit.records import dump_json
from ..toolkit.run import Run
from .catalogue import Catalogue, marks
from .request import Request
from .rows import mixture_row, row_text
from .tokens import TokenCounter
from .wanted import wanted_records

FILE_ROWS = 50_000
_GROUP = 1000

Counts = dict[str, dict[str, dict[str, int]]]
"""split -> task -> language -> a number"""


@dataclass(slots=True)
class Written:
    """What was written: counts as manifests hold them, and of each file its size, hash and rows."""

    rows: Counts = field(default_factory=lambda: {split: {} for split in SPLITS})
    tokens: Counts = field(default_factory=lambda: {split: {} for split in SPLITS})
    bytes: Counts = field(default_factory=lambda: {split: {} for split in SPLITS})
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


class RowWriter:
    """Writes what a catalogue has chosen for ``languages`` into the folder ``out``."""

    def __init__(
        self,
        catalogue: Catalogue,
        runs: Sequence[Run],
        request: Request,
        counter: TokenCounter | None,
        progress: Progress,
    ) -> None:
        self._catalogue = catalogue
        self._runs = runs
        self._request = request
        self._counter = counter
        self._progress = progress

    def write(self, out: Path, languages: Sequence[str]) -> Written:
        """Both splits. ``out`` exists and holds none."""
        written = Written()
        for lang in languages:
            query = "SELECT count(*) FROM chosen WHERE lang = ?"
            self._progress.start(lang, self._catalogue.number(query, (lang,)))
        for split in SPLITS:
            self._order(split, languages)
            spool = out / "rows.jsonl"
            with disk_errors(spool), spool.open("w+b") as file:
                self._spool(file, split, written)
                self._write_split(file, out, split, written)
            spool.unlink()
        for lang in languages:
            self._progress.finish(lang)
        return written

    def _order(self, split: str, languages: Sequence[str]) -> None:
        """Gives every row its place in the split."""
        self._catalogue.execute("DELETE FROM wanted")
        self._catalogue.execute("DELETE FROM spool")
        self._catalogue.execute(
            "INSERT INTO wanted SELECT row_number() OVER (ORDER BY place_hash, lang, id) - 1, item, lang FROM "
            "(SELECT row_rank(lang, id) AS place_hash, lang, id, item FROM chosen JOIN item ON item = key "
            f"WHERE split = ? AND lang IN ({marks(languages)}))",
            [split, *languages],
        )

    def _spool(self, file: BinaryIO, split: str, written: Written) -> None:
        """Puts the rows into the scratch file, in the order in which the runs hold them."""
        start = 0
        for pairs in wanted_records(self._catalogue, self._runs):
            rows = [mixture_row(record, self._request.format, self._request.annotations) for _, record in pairs]
            self._tally(rows, split, written)
            lines = [dump_json(row).encode() for row in rows]
            file.writelines(lines)
            places = []
            for (entry, _), line in zip(pairs, lines, strict=True):
                places.append((entry.slot, start, len(line)))
                start += len(line)
            self._catalogue.execute_all("INSERT INTO spool VALUES (?, ?, ?)", places)
            self._progress.advance(rows[0]["lang"], len(rows))

    def _tally(self, rows: list[dict[str, Any]], split: str, written: Written) -> None:
        """Counts rows, bytes and tokens, and puts the last into the rows."""
        texts = [row_text(row) for row in rows]
        for row, text in zip(rows, texts, strict=True):
            _add(written.rows, split, row, 1)
            _add(written.bytes, split, row, len(text.encode()))
        if self._counter is not None:
            for row, tokens in zip(rows, self._counter.count(texts), strict=True):
                row["tokens"] = tokens
                _add(written.tokens, split, row, tokens)

    def _write_split(self, file: BinaryIO, out: Path, split: str, written: Written) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = mixture_schema(self._request.format)
        rows = self._in_order(file)
        index = 0
        while first := list(islice(rows, _GROUP)):
            name = split_file(split, index)
            path, count, group = out / name, 0, first
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as sink, pq.ParquetWriter(sink, schema, compression="zstd") as parquet:
                while group:
                    parquet.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=_GROUP)
                    count += len(group)
                    group = list(islice(rows, min(_GROUP, FILE_ROWS - count)))
                parquet.close()
                sink.flush()
                os.fsync(sink.fileno())
            written.files[name] = {"bytes": path.stat().st_size, "blake2b": file_hash(path), "rows": count}
            index += 1

    def _in_order(self, file: BinaryIO) -> Iterator[dict[str, Any]]:
        for start, length in self._catalogue.execute("SELECT start, length FROM spool ORDER BY slot"):
            file.seek(start)
            yield json.loads(file.read(length))


def _add(counts: Counts, split: str, row: dict[str, Any], amount: int) -> None:
    by_language = counts[split].setdefault(row["task"], {})
    by_language[row["lang"]] = by_language.get(row["lang"], 0) + amount
