"""Score columns name the files that they were made from. Restored files may differ in bytes from the first ones, as
where another release of a library writes them; their columns then get the new names, or all scores would be made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..toolkit import layout
from ..toolkit.edits import Edit
from ..toolkit.files import read_json
from ..toolkit.row_keys import column_keys, json_hash, rows_key, with_column_keys
from ..toolkit.shard_files import write_table
from .divide import read_parquet

if TYPE_CHECKING:
    from ..toolkit.run import Run
    from .bundle import Bundle

_NAMED = {"rows", "corpus"}  # the entries of a column's key that name files


def rename_keys(bundle: Bundle, filtered: Run, given: Run, lang: str, edits: Mapping[str, Edit]) -> None:
    """Make the columns of ``filtered``, which held for the run that was published, hold for the run ``given``.

    ``edits``: those of the language, by id.
    Columns of a shard with edited rows are left as they are, for nobody can tell whether they were made before the
    edits: where the files differ, they are made anew.
    """
    old, new, whole = [], [], True
    renamed: dict[int, dict[str, str]] = {}
    for index in bundle.shards[lang]:
        english, marker = given.done("en", index), given.done(lang, index)
        before = read_json(bundle.files[layout.marker_file(lang, index)]).get("input")
        if english is None or marker is None or not isinstance(before, str):
            return
        here = _edits_in(given, lang, index, edits) if edits else []
        key = rows_key(english, marker, here)
        old.append(before)
        new.append(key)
        if key != before and not here:
            renamed[index] = {before: key}
        whole = whole and (key == before or not here)
    corpus = {json_hash(old): json_hash(new)} if whole and old != new else {}
    for index in bundle.shards[lang]:
        if names := renamed.get(index, {}) | corpus:
            _rename(filtered.path / layout.scores_file(lang, index), names)


def _rename(path: Path, names: Mapping[str, str]) -> None:
    if not path.is_file():
        return
    table = read_parquet(path)
    columns = column_keys(table.schema)
    for identity in columns.values():
        identity |= {name: names[text] for name in _NAMED if (text := str(identity.get(name))) in names}
    write_table(path, with_column_keys(table, columns))


def _edits_in(given: Run, lang: str, index: int, edits: Mapping[str, Edit]) -> list[Edit]:
    """The edits of a shard's rows, those set aside included, in their order."""
    rejected = given.rejected_table(lang, index)
    ids = given.ids(lang, index) + ([] if rejected is None else rejected.column("id").to_pylist())
    return [edits[id] for id in ids if id in edits]
