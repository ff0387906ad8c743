"""What the Hub's viewer and ``dataset_info`` say of each config: rows, sizes and columns, from the files' footers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .columns import parquet
from .evidence import ConfigEvidence, SplitEvidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from .bundle import Bundle, Config


def read_config(bundle: Bundle, config: Config) -> ConfigEvidence:
    """Reads footers alone; DataError where a file is damaged."""
    splits = tuple(_split(bundle, name, paths) for name, paths in config.splits.items())
    files = [bundle.files[path] for split in splits for path in split.files]
    return ConfigEvidence(
        name=config.name,
        task=config.task,
        lang=config.lang,
        mixture=config.mixture,
        splits=splits,
        rows=sum(split.rows for split in splits),
        bytes=sum(split.bytes for split in splits),
        download=sum(path.stat().st_size for path in files),
        schema=_schema(bundle, splits),
    )


def _split(bundle: Bundle, name: str, paths: Sequence[str]) -> SplitEvidence:
    rows = size = 0
    for path in paths:
        with parquet(bundle.files[path]) as file:
            rows += file.metadata.num_rows
            size += sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
    return SplitEvidence(name, rows, size, tuple(paths))


def _schema(bundle: Bundle, splits: Sequence[SplitEvidence]) -> pa.Schema:
    with parquet(bundle.files[splits[0].files[0]]) as file:
        return file.schema_arrow
