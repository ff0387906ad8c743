"""Reading a mixture: the folder that ``mlt mix`` makes, and training, evaluation and cards read.

``mixture.json`` is written last: a folder without it holds no mixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .errors import DataError
from .files import read_json
from .records import SCHEMA_VERSION

if TYPE_CHECKING:
    from os import PathLike

    import pyarrow as pa

MANIFEST = "mixture.json"
REMOVED = "removed.jsonl"
FOLDER = "mixtures"
"""Where a run keeps mixtures that are published with it."""

Format = Literal["prompt", "messages"]
FORMATS: tuple[Format, ...] = ("prompt", "messages")
SPLITS = ("train", "validation")


def split_file(split: str, index: int) -> str:
    """``train/part-00000.parquet``"""
    return f"{split}/part-{index:05d}.parquet"


def mixture_schema(format: Format) -> pa.Schema:
    """The Arrow schema of a mixture's rows: ids, then what TRL reads, then what counts as right.

    ``prompt``: the columns ``prompt`` and ``completion``, plain text. ``messages``: ``messages`` (role, content,
    tool_calls with arguments as JSON text) and ``tools`` (JSON text or null). Never both: TRL tells a data set's kind
    from the first of these columns that it meets. ``gold`` is the record's; ``tokens`` is null where no tokenizer was
    named.
    """
    import pyarrow as pa

    from .records import record_schema

    text = pa.string()
    function = pa.struct([("name", text), ("arguments", text)])
    calls = pa.list_(pa.struct([("id", text), ("type", text), ("function", function)]))
    message = pa.struct([("role", text), ("content", text), ("tool_calls", calls), ("tool_call_id", text)])
    read = {
        "prompt": [("prompt", text), ("completion", text)],
        "messages": [("messages", pa.list_(message)), ("tools", text)],
    }
    columns = [
        *((name, text) for name in ("id", "group", "task", "lang")),
        *read[format],
        ("gold", record_schema().field("gold").type),
        ("tokens", pa.int32()),
    ]
    return pa.schema(columns, metadata={"schema_version": SCHEMA_VERSION})


class Mixture:
    """A finished mixture. ``manifest`` is what mixture.json holds."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @property
    def name(self) -> str:
        """Its name, which is its folder's and its config's on the Hub."""
        name: str = self.manifest["name"]
        return name

    def files(self, split: str) -> list[Path]:
        """A split's Parquet files, in order."""
        names = sorted(name for name in self.manifest["files"] if name.startswith(f"{split}/"))
        return [self.path / name for name in names]

    def tables(self, split: str) -> Iterator[pa.Table]:
        """A split's rows, a row group in memory at a time."""
        import pyarrow.parquet as pq

        for path in self.files(split):
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group)


def is_mixture(path: str | PathLike[str]) -> bool:
    """Whether a folder holds a finished mixture."""
    return (Path(path) / MANIFEST).is_file()


def open_mixture(path: str | PathLike[str]) -> Mixture:
    """A mixture for reading; DataError where the folder holds none, or one of another schema."""
    folder = Path(path)
    if not is_mixture(folder):
        raise DataError(f"{folder} is no mixture: it holds no {MANIFEST}; make one with mlt mix")
    manifest = read_json(folder / MANIFEST)
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict) or "name" not in manifest:
        raise DataError(f"{folder / MANIFEST} is damaged: it names no files; make the mixture again")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"{folder} has schema_version {manifest.get('schema_version')}, this release reads {SCHEMA_VERSION}"
        )
    return Mixture(folder, manifest)


def find_mixtures(folder: str | PathLike[str]) -> list[Mixture]:
    """The mixtures of a folder, by name: itself, those directly in it (a ladder), or those a run keeps."""
    base = Path(folder)
    if is_mixture(base):
        return [open_mixture(base)]
    places = [*_folders(base), *_folders(base / FOLDER)]
    return [open_mixture(path) for path in places if is_mixture(path)]


def _folders(base: Path) -> list[Path]:
    return sorted(path for path in base.iterdir() if path.is_dir()) if base.is_dir() else []
