"""Makes a :class:`Bundle` of a folder: a run, mixtures, or what was published before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..toolkit import layout
from ..toolkit.errors import DataError, UsageError
from ..toolkit.files import read_json, write_json
from ..toolkit.mixtures import FOLDER, REMOVED, Mixture, find_mixtures
from ..toolkit.mixtures import MANIFEST as MIXTURE_MANIFEST
from ..toolkit.mixtures import SPLITS as MIXTURE_SPLITS
from ..toolkit.progress import Progress
from ..toolkit.row_keys import column_keys, with_column_keys
from ..toolkit.run import Run, open_run
from ..toolkit.shard_files import write_table
from .bundle import Bundle, Config, run_configs
from .divide import divide, kinds_of, pieces_of, read_parquet
from .local_paths import published_manifest, without_paths
from .published import MANIFEST, Piece, Published, data_file, in_order, is_published, read_published, safe_name
from .trained_model import TRAINING, is_trained

_MIXTURE_FILE = re.compile(rf"(?:{'|'.join(MIXTURE_SPLITS)})/part-\d{{5,}}\.parquet")


def gather(folder: Path, scratch: Path, progress: Progress) -> Bundle:
    """What would be published of ``folder``, or has been; see :func:`open_bundle`. New files go to ``scratch``."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name a run, a mixture or a published folder")
    if is_trained(folder):
        raise UsageError(f"{folder} is a trained model, whose card mlt train has written: mlt push publishes it")
    if is_published(folder):
        return _of_published(folder)
    if (folder / layout.MANIFEST).is_file():
        return _of_run(folder, scratch, progress)
    if mixtures := find_mixtures(folder):
        published = Published("mixtures", _signature_of(mixtures), {})
        write_json(scratch / MANIFEST, published.to_json(), indent=None)
        return _bundle(published, {MANIFEST: scratch / MANIFEST}, {}, mixtures)
    raise UsageError(
        f"{folder} holds no {layout.MANIFEST}, {MIXTURE_MANIFEST}, {TRAINING} or {MANIFEST}: name a run, a mixture, a "
        "trained model or a published folder"
    )


def _of_run(folder: Path, scratch: Path, progress: Progress) -> Bundle:
    run = open_run(folder)
    _require_whole(run)
    files: dict[str, Path] = {}
    shards: dict[str, dict[int, tuple[Piece, ...]]] = {}
    for lang in run.languages:
        progress.message(f"reading {lang} of {folder}")
        shards[lang] = {}
        for index in run.shards(lang):
            path = folder / layout.data_file(lang, index)
            shards[lang][index] = pieces_of(path)
            files |= divide(path, shards[lang][index], lang, index, scratch)
            files |= _side_files(folder, lang, index)
            files |= _scores_without_paths(files, lang, index, scratch)
    progress.message("")
    published = Published("run", run.manifest["signature"], shards)
    write_json(scratch / layout.MANIFEST, published_manifest(run.manifest))
    write_json(scratch / MANIFEST, published.to_json(), indent=None)
    files |= {name: scratch / name for name in (layout.MANIFEST, MANIFEST)}
    return _bundle(published, files | _edits(folder), read_json(scratch / layout.MANIFEST), _mixtures_in(folder))


def _of_published(folder: Path) -> Bundle:
    published = read_published(folder)
    files = {MANIFEST: folder / MANIFEST}
    manifest: dict[str, Any] = {}
    if published.kind == "run":
        manifest = open_run(folder).manifest
        _require_manifest(folder, manifest)
        files |= {layout.MANIFEST: folder / layout.MANIFEST, **_edits(folder)}
    for lang, shards in published.shards.items():
        for index, pieces in shards.items():
            names = [data_file(task, lang, split, index) for task, split in kinds_of(pieces)]
            files |= {name: folder / name for name in names}
            files |= _side_files(folder, lang, index)
            _require_counts(folder, lang, index, pieces, files)
    _require_files(folder, files)
    return _bundle(published, files, manifest, _mixtures_in(folder))


def _bundle(
    published: Published, files: dict[str, Path], manifest: Mapping[str, Any], mixtures: Sequence[Mixture]
) -> Bundle:
    configs = list(run_configs(published.shards))
    for mixture in mixtures:
        config, found = _mixture(mixture)
        if config.name in {other.name for other in configs}:
            raise DataError(f"two of the configs would be named {config.name}: give {mixture.path} another name")
        configs.append(config)
        files |= found
    langs = published.shards or {lang for mixture in mixtures for lang in mixture.manifest.get("languages", ())}
    return Bundle(
        published.kind,
        dict(sorted(files.items())),
        manifest,
        tuple(configs),
        tuple(in_order(langs)),
        tuple(mixtures),
        published.shards,
    )


def _mixture(mixture: Mixture) -> tuple[Config, dict[str, Path]]:
    """A mixture's config, and its files by published path."""
    path, name, named = mixture.path, mixture.manifest["name"], mixture.manifest["files"]
    if not safe_name(name):
        raise DataError(f"{path / MIXTURE_MANIFEST} is damaged: {name!r:.40} is no name; make the mixture again")
    for file, entry in named.items():
        if not _MIXTURE_FILE.fullmatch(file):
            raise DataError(f"{path / MIXTURE_MANIFEST} is damaged: it names {file!r:.60}; make the mixture again")
        size = entry.get("bytes") if isinstance(entry, dict) else None
        if not (path / file).is_file() or (path / file).stat().st_size != size:
            raise DataError(f"{path / file} is not the file that the mixture was finished with: make it again")
    splits = {
        split: tuple(f"{FOLDER}/{name}/{file}" for file in sorted(named) if file.startswith(f"{split}/"))
        for split in MIXTURE_SPLITS
    }
    others = [file for file in (MIXTURE_MANIFEST, REMOVED) if (path / file).is_file()]
    files = {f"{FOLDER}/{name}/{file}": path / file for file in (*named, *others)}
    return Config(name, None, None, name, {split: paths for split, paths in splits.items() if paths}), files


def _mixtures_in(folder: Path) -> list[Mixture]:
    """The mixtures that a run, or a published folder, keeps."""
    return find_mixtures(folder / FOLDER)


def _signature_of(mixtures: Sequence[Mixture]) -> str:
    """A mixture's signature; of several, a hash of all of theirs."""
    signatures = [str(mixture.manifest.get("signature", "")) for mixture in mixtures]
    if len(signatures) == 1:
        return signatures[0]
    return f"mixtures:{blake2b(chr(10).join(signatures).encode(), digest_size=16).hexdigest()}"


def _side_files(folder: Path, lang: str, index: int) -> dict[str, Path]:
    """The files of a shard that stand beside its rows, under the names that they have in a run."""
    names = [name(lang, index) for name in (layout.rejected_file, layout.scores_file, layout.marker_file)]
    return {name: folder / name for name in names if (folder / name).is_file()}


def _scores_without_paths(files: Mapping[str, Path], lang: str, index: int, scratch: Path) -> dict[str, Path]:
    """A shard's scores again, where their metadata name a model by its place on this machine."""
    name = layout.scores_file(lang, index)
    if name not in files:
        return {}
    keys = column_keys(read_parquet(files[name], ["id"]).schema)
    if (clean := without_paths(keys)) == keys:
        return {}
    write_table(scratch / name, with_column_keys(read_parquet(files[name]), clean))
    return {name: scratch / name}


def _edits(folder: Path) -> dict[str, Path]:
    path = folder / layout.EDITS
    return {layout.EDITS: path} if path.is_file() else {}


def _require_whole(run: Run) -> None:
    """DataError where the run is not finished, or lost a shard since."""
    whole = run.manifest.get("complete") is True and all(
        entry.get("shards") in (None, len(run.shards(lang)))
        for lang, entry in run.manifest.get("languages", {}).items()
    )
    if not whole:
        raise DataError(f"{run.where} is not finished: run the same command again, then this one")


def _require_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """DataError where a published run.json lacks what a run's has."""
    languages, judged = manifest.get("languages", {}), manifest.get("filter", {"policy": {"checks": {}}})
    try:
        sound = isinstance(manifest["signature"], str) and isinstance(judged["policy"]["checks"], dict)
        sound = sound and all(isinstance(entry, dict) for entry in languages.values())
    except (KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise DataError(f"{folder / layout.MANIFEST} is damaged: it does not read like a run's; get it again")


def _require_counts(folder: Path, lang: str, index: int, pieces: Iterable[Piece], files: Mapping[str, Path]) -> None:
    """DataError where a shard's marker does not say what ``published.json`` does."""
    name = layout.marker_file(lang, index)
    marker = read_json(folder / name)
    try:
        aside = sum(marker["rejected"].values())
        holds = (
            (marker["lang"], marker["index"]) == (lang, index)
            and marker["out"] == sum(piece.rows for piece in pieces)
            and marker["in"] == marker["out"] + aside
            and isinstance(marker["files"], dict)
            and (aside > 0) == (layout.rejected_file(lang, index) in files)
        )
    except (KeyError, TypeError, AttributeError):
        holds = False
    if not holds:
        raise DataError(f"{folder / name} does not fit {MANIFEST}: get the whole folder again")


def _require_files(folder: Path, files: Mapping[str, Path]) -> None:
    for name, path in files.items():
        if not path.is_file():
            raise DataError(f"{folder} is not whole: {name} is missing; get it again")
