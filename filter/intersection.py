"""The items that are kept in every language, as a run of its own: the same ids everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..toolkit.own_models import repeated
from ..toolkit.store import RunStore

if TYPE_CHECKING:
    import pyarrow as pa

    from ..toolkit.run import Run


def write_intersection(run: Run, out: Path, langs: Sequence[str]) -> Path:
    """Write ``out`` with the items of ``run`` that stand in all of ``langs``, in English and in each of them.

    It is made anew each time: what is kept may have changed with the policy.
    """
    identity = {"stage": "intersection", "input": run.manifest["identity"]}
    with RunStore.open(out, identity, force=True) as store:
        for index in run.shards("en"):
            tables = {lang: _table(run, lang, index) for lang in ("en", *langs)}
            ids = _common([table for lang, table in tables.items() if lang != "en"])
            for lang, table in tables.items():
                if table is not None:
                    rows = _only(table, ids)
                    store.write_tables(lang, index, rows, None, {"in": rows.num_rows})
        languages = {lang: {**store.totals(lang), **repeated(run.manifest, lang)} for lang in store.languages}
        kept = ("licenses", "model_notice", "versions", "signature", "filter")
        store.save_manifest(
            complete=run.manifest.get("complete", True),
            languages=languages,
            **{key: run.manifest[key] for key in kept if key in run.manifest},
        )
    return out


def _table(run: Run, lang: str, index: int) -> pa.Table | None:
    return run.table(lang, index) if index in run.shards(lang) else None


def _common(tables: Sequence[pa.Table | None]) -> set[str]:
    sets = [set() if table is None else set(table.column("id").to_pylist()) for table in tables]
    return set.intersection(*sets) if sets else set()


def _only(table: pa.Table, ids: set[str]) -> pa.Table:
    import pyarrow as pa

    mask = [id in ids for id in table.column("id").to_pylist()]
    return table.filter(pa.array(mask, pa.bool_()))
