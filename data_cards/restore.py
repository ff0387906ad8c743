"""A published folder back as the run, or the mixtures, that it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.edits import read_edits
from ..toolkit.errors import DataError, MltError, UsageError
from ..toolkit.files import disk_errors, file_hash, read_json, write_atomic
from ..toolkit.mixtures import FOLDER
from ..toolkit.mixtures import MANIFEST as MIXTURE_MANIFEST
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.shard_files import reasons
from ..toolkit.store import RunStore
from .bundle import Bundle, open_bundle
from .divide import read_parquet
from .filter_input import INPUT, has_input, write_input
from .local_paths import published_manifest
from .published import MANIFEST, is_published
from .staging import staged

if TYPE_CHECKING:
    import pyarrow as pa

_STORE_OWN = ("lang", "index", "out", "rejected", "files")  # what the store itself puts into a marker


def restore(published: Path, out: Path, *, progress: Progress | None = None) -> Path:
    """Make ``out`` of a published folder, and return it: a run with its scores, edits and mixtures, or the mixtures, a
    folder each.

    A filtered run gets, in its folder ``input/``, the run that it was filtered from, so that it can be decided again or
    extended. ``out`` appears when it is whole; broken off, the same call goes on. Where it is there already, nothing is
    done. Raises UsageError for a folder that was not published or an ``out`` that holds something else, DataError for
    files that are damaged or do not fit each other.
    """
    progress = progress or NullProgress()
    if not is_published(published):
        raise UsageError(f"{published} was not published by mlt: it holds no {MANIFEST}")
    out = out.resolve()
    with open_bundle(published, progress) as bundle:
        if not _stands(bundle, out, progress):
            with staged(out, _content(bundle)) as folder:
                if bundle.kind == "run":
                    _restore_run(bundle, folder, out, progress)
                else:
                    _copy_mixtures(bundle, folder)
    return out


def _stands(bundle: Bundle, out: Path, progress: Progress) -> bool:
    """Whether ``out`` is what would be made; UsageError where it is something else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    try:
        with open_bundle(out, progress) as held:
            same = not is_published(out) and _facts(held) == _facts(bundle)
    except MltError:
        same = False
    if not same:
        raise UsageError(f"{out} holds something else than this set as it was published: choose another folder")
    return True


def _facts(bundle: Bundle) -> dict[str, Any]:
    """What two bundles of the same data have in common, whichever release of a library has written their files."""
    markers = {name: read_json(path) for name, path in bundle.files.items() if name.startswith("done/")}
    edits = bundle.files.get(layout.EDITS)
    return {
        "kind": bundle.kind,
        "manifest": published_manifest(bundle.manifest),
        "shards": bundle.shards,
        "markers": {name: {**marker, "files": sorted(marker["files"])} for name, marker in markers.items()},
        "edits": None if edits is None else file_hash(edits),
        "mixtures": [mixture.manifest for mixture in bundle.mixtures],
    }


def _content(bundle: Bundle) -> str:
    """A hash of all that is restored. Markers and manifests name the content of what stands beside them."""
    digest = blake2b(digest_size=16)
    for name, path in bundle.files.items():
        digest.update(f"{name}\t{path.stat().st_size}\n".encode())
        if not name.endswith(".parquet"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _restore_run(bundle: Bundle, folder: Path, out: Path, progress: Progress) -> None:
    manifest = published_manifest(bundle.manifest)
    with RunStore.open(folder, manifest["identity"]) as store:
        for lang in bundle.languages:
            store.begin(lang)
            indexes = bundle.shards[lang]
            progress.start(lang, len(indexes))
            for index in indexes:
                _restore_shard(bundle, store, lang, index)
                progress.advance(lang, 1)
            progress.finish(lang)
        _restore_edits(bundle, folder)
        _restore_facts(store, manifest)
        if has_input(manifest):
            write_input(bundle, store, folder / INPUT, progress)
            manifest["input"] = str(out / INPUT)
        _copy_mixtures(bundle, folder / FOLDER)
        store.manifest.clear()
        store.save_manifest(**manifest)


def _restore_shard(bundle: Bundle, store: RunStore, lang: str, index: int) -> None:
    """One shard's rows and scores. Its rows hold the run's edits already, so these are not there yet."""
    marker = read_json(bundle.files[layout.marker_file(lang, index)])
    if store.done(lang, index) != marker:
        kept, rejected = bundle.kept_shard(lang, index), bundle.rejected_shard(lang, index)
        if reasons(rejected) != marker["rejected"]:
            raise _unfit(bundle, layout.rejected_file(lang, index))
        _write_rows(bundle, store, kept, rejected, marker)
    name = layout.scores_file(lang, index)
    if name in bundle.files:
        if "id" not in read_parquet(bundle.files[name]).column_names:
            raise _unfit(bundle, name)
        write_atomic(store.path / name, bundle.files[name].read_bytes())


def _write_rows(
    bundle: Bundle, store: RunStore, kept: pa.Table, rejected: pa.Table | None, marker: Mapping[str, Any]
) -> None:
    lang, index = marker["lang"], marker["index"]
    facts = {name: value for name, value in marker.items() if name not in _STORE_OWN}
    try:
        store.write_tables(lang, index, kept, rejected, facts)
    except MltError as error:
        if type(error) is not MltError:
            raise
        # Rows that do not fit their marker are a bug where we made them; here they are damage.
        raise DataError(f"{bundle.files[MANIFEST].parent}: {error}; get it again") from None


def _restore_edits(bundle: Bundle, folder: Path) -> None:
    if (path := bundle.files.get(layout.EDITS)) is not None:
        read_edits(path)  # a damaged line is found now, not when the run is used
        write_atomic(folder / layout.EDITS, path.read_bytes())


def _restore_facts(store: RunStore, manifest: Mapping[str, Any]) -> None:
    """What a run of ``mlt translate`` found out once for each language, which its manifest repeats."""
    for lang, entry in manifest.get("languages", {}).items():
        for name in ("calibration", "engine"):
            if lang in store.languages and entry.get(name) is not None:
                store.save_facts(f"{name}-{lang}", entry[name])


def _copy_mixtures(bundle: Bundle, folder: Path) -> None:
    """Every mixture in a folder of its name, its manifest last."""
    for mixture in bundle.mixtures:
        name, place = mixture.manifest["name"], folder / mixture.manifest["name"]
        prefix = f"{FOLDER}/{name}/"
        files = {path.removeprefix(prefix): file for path, file in bundle.files.items() if path.startswith(prefix)}
        for path, file in sorted(files.items(), key=lambda item: item[0] == MIXTURE_MANIFEST):
            expected = mixture.manifest["files"].get(path, {}).get("blake2b")
            if expected is not None and file_hash(file) != expected:
                raise _unfit(bundle, prefix + path)
            if expected is None or not (place / path).is_file() or file_hash(place / path) != expected:
                with disk_errors(place):
                    write_atomic(place / path, file.read_bytes())


def _unfit(bundle: Bundle, name: str) -> DataError:
    return DataError(f"{bundle.files[name]} does not fit the rest of the set: get the whole set again")
