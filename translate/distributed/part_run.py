"""One of several tasks that make a run together (``--shard 3/64``), on any scheduler.

The tasks of one folder share its English shards, which the first of them writes. ``mlt merge`` counts what they made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...toolkit.joined_run import open_part
from ...toolkit.languages import Language
from ...toolkit.parts import Part
from ..english import write_english
from ..language_engines import vocabulary_of
from ..pipeline import Pipeline

if TYPE_CHECKING:
    from ...toolkit.store import RunStore


def translate_part(
    path: Path | str,
    identity: Mapping[str, Any],
    part: Part,
    pipeline_of: Callable[[RunStore], Pipeline],
    languages: Sequence[Language],
    cache_dir: Path | None = None,
) -> dict[str, Any]:
    """Brings a run to hold the shards of a part in every language; the run's manifest.

    ``path``: a folder or a URL; ``cache_dir`` then holds what is needed of it here. ``pipeline_of`` makes the pipeline
    over a store. Raises what :meth:`RunStore.open` and the pipeline do.
    """
    shards: list[int] = []

    def begin(store: RunStore) -> None:
        pipeline = pipeline_of(store)
        assert pipeline.reader is not None
        pipeline.settle_engines(languages)
        shards.extend(write_english(store, pipeline.reader, pipeline.shard_size, pipeline.progress))
        before = store.manifest.get("parts", {}).get("langs", [])
        langs = list(dict.fromkeys([*before, *(language.code for language in languages)]))
        pipeline.save_manifest(complete=False, parts={"langs": langs, "vocabulary": vocabulary_of(pipeline.engine)})

    with open_part(path, identity, part, begin, cache_dir) as store:
        pipeline = pipeline_of(store)
        for language in languages:
            mine = [index for index in shards if part.holds(language.code, index)]
            while due := pipeline.due(language, mine):
                pipeline.translate_shards(language, due)
        return dict(store.manifest)
