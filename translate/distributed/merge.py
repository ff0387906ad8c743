"""What several tasks have made becomes one complete run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copyfile
from typing import Any

from ...toolkit import layout
from ...toolkit.errors import DataError, UsageError
from ...toolkit.files import disk_errors, sync_folder, write_json
from ...toolkit.languages import ENGLISH
from ...toolkit.progress import Progress
from ...toolkit.run import Run, open_run
from ...toolkit.signature import diff
from ...toolkit.store import RunStore
from ..language_engines import differing_engine, model_terms
from ..pipeline import check_balance, said_of

_ABOUT = ("licenses", "model_notice", "versions")  # what only a run's making knows


def merge(out: Path, parts: Sequence[Path], progress: Progress) -> dict[str, Any]:
    """Brings the shards of ``parts`` into ``out`` and makes the manifest of the whole; the manifest.

    ``out`` may be new, one of the runs, or, with no ``parts``, the folder that all tasks wrote. Shards that are there
    already are not copied. Raises DataError, with nothing called complete, where runs were made otherwise, hold other
    English rows, or a shard is in none of them; UsageError where there is nothing to merge.
    """
    runs = [open_run(path) for path in parts if path.resolve() != out.resolve()]
    first = runs[0] if runs else open_run(out)
    with RunStore.open(out, first.manifest["identity"]) as store:
        for run in runs:
            _require_same(store, run)
            for code in run.languages:
                _bring(store, run, code, progress)
        said = [manifest.get("parts", {}) for manifest in (store.manifest, *(run.manifest for run in runs))]
        wanted = list(dict.fromkeys(code for entry in said for code in entry.get("langs", [])))
        wanted += [code for code in store.languages if code not in (ENGLISH.code, *wanted)]
        if missing := list(_missing(store, wanted)):
            more = ", …" if len(missing) > 5 else ""
            raise DataError(
                f"{store.where} lacks {len(missing)} shards ({', '.join(missing[:5])}{more}): run their tasks again, "
                "or name the folder that holds them"
            )
        for code in wanted:
            check_balance(store, code)
        vocabulary = next((entry["vocabulary"] for entry in said if "vocabulary" in entry), None)
        counted = {code: said_of(store, code, vocabulary) for code in (ENGLISH.code, *wanted)}
        for key in ("parts", "set_aside"):
            store.manifest.pop(key, None)
        about = {key: first.manifest[key] for key in _ABOUT if key in first.manifest}
        stated = dict(about.get("licenses") or {})
        stated["model"], about["model_notice"] = model_terms(store, stated.get("model"), about.get("model_notice"))
        about["licenses"] = stated
        store.save_manifest(**about, languages=counted, complete=True)
        return dict(store.manifest)


def _require_same(store: RunStore, run: Run) -> None:
    """DataError where a part was made with another identity or from other rows."""
    for name, ours, theirs in diff(store.manifest["identity"], run.manifest["identity"]):
        raise DataError(
            f"{run.where} was made with {name} = {theirs!r}, {store.where} with {ours!r}: merge runs of one setting"
        )
    for code in run.languages:
        if (found := differing_engine(store, run, code)) is not None:
            name, ours, theirs = found
            raise DataError(
                f"{run.where} has {code} by {name} = {theirs!r}, {store.where} by {ours!r}: merge runs of one setting"
            )
    for index in run.shards(ENGLISH.code):
        mine, other = store.done(ENGLISH.code, index), run.done(ENGLISH.code, index)
        if mine and other and mine["input"] != other["input"]:
            raise DataError(
                f"{run.where} and {store.where} hold other English rows in shard {index}: make them with the same "
                "--limit"
            )


def _bring(store: RunStore, run: Run, code: str, progress: Progress) -> None:
    """Copies the shards of a language that the run lacks, each marker last."""
    present = run.shards(code)
    progress.start(code, len(present))
    store.begin(code)
    for index in present:
        marker = run.done(code, index)
        mine = store.done(code, index)
        if marker and (mine is None or mine["input"] != marker["input"]):
            store.drop_shard(code, index)
            for name in marker["files"]:
                _copy(run.file(name), store.path / name)
            write_json(store.path / layout.marker_file(code, index), marker)
            store.home.shard_written(marker)
        progress.advance(code, 1)
    for path in sorted((run.path / "facts").glob(f"*-{code}*.json")):
        if not (target := store.path / "facts" / path.name).exists():
            _copy(path, target)
            store.home.written(f"facts/{path.name}")
    progress.finish(code)


def _copy(source: Path, target: Path) -> None:
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        copyfile(source, target)
        sync_folder(target.parent)


def _missing(store: RunStore, languages: Sequence[str]) -> Iterator[str]:
    english = {index: store.done(ENGLISH.code, index) for index in store.shards(ENGLISH.code)}
    if not languages or not english:
        raise UsageError(f"{store.where} holds no finished shard: run the tasks first")
    for code in languages:
        for index, marker in english.items():
            mine = store.done(code, index)
            if mine is None or marker is None or mine["input"] != marker["input"]:
                yield f"{code} {index}"
