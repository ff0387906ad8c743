"""Small runs to filter: a few records in a few languages, as `mlt translate` would write them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from filter_texts import ENGLISH, SWAHILI, record

from mlt.toolkit.records import Rejected
from mlt.toolkit.store import RunStore


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """``make_run(name, {"sw": {id: (question, answer)}}, shards)`` writes a run and gives its folder."""

    def make(
        name: str = "run",
        languages: Mapping[str, Mapping[str, tuple[str, str]]] | None = None,
        shards: Sequence[Sequence[str]] = (("a", "b", "c"),),
    ) -> Path:
        texts = {"en": ENGLISH, **({"sw": SWAHILI} if languages is None else languages)}
        with RunStore.open(tmp_path / name, {"source": "made-up"}, force=True) as store:
            for lang, rows in texts.items():
                for index, ids in enumerate(shards):
                    kept = [record(id, lang, *rows[id]) for id in ids if id in rows]
                    lost = [record(id, lang, *ENGLISH[id]) for id in ids if id not in rows]
                    rejected = [Rejected("loop", "around and around", entry) for entry in lost]
                    store.write_shard(lang, index, kept, rejected, {"in": len(ids), "input": "x"})
            totals = {lang: store.totals(lang) for lang in store.languages}
            store.save_manifest(complete=True, languages=totals, licenses={"source": "CC0-1.0", "model": None})
        return tmp_path / name

    return make
