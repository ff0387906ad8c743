"""From what a user names with ``--model`` to an engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from ..toolkit.errors import EnvironmentProblem, UsageError
from ..toolkit.files import disk_errors, read_json
from .convert import convert_once
from .devices import resolve_compute_type, resolve_device
from .engine import Engine
from .families.registry import MODEL_TYPES, NAMES, check_checkpoint, is_checkpoint
from .hub import Snapshot, fetch
from .known_models import KnownModel, hub_id_of, known_license, known_models
from .model_store import (
    CachedModel,
    Progress,
    about_model,
    chosen_root,
    content_revision,
    find_converted,
    models_in_cache,
    read_about,
    tiny_folder,
)

__all__ = [
    "DEFAULT_MODEL",
    "CachedModel",
    "EngineOptions",
    "KnownModel",
    "known_models",
    "load_engine",
    "models_in_cache",
]

DEFAULT_MODEL = "facebook/nllb-200-distilled-600M"
_OWN_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
_ACCEPTED = "tiny, a Hub id (owner/name), a folder, openai:URL#NAME, MODULE:CLASS, identity or corrupting"


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What a user may ask of any engine; an engine takes what concerns it."""

    device: str = "auto"
    workers: int | None = None
    compute_type: str | None = None
    cache_dir: Path | None = None
    progress: Progress | None = None


def load_engine(
    spec: str,
    *,
    device: str = "auto",
    workers: int | None = None,
    compute_type: str | None = None,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> Engine:
    """The engine that ``spec`` names, ready to use; weights are loaded with its first batch.

    ``spec``: ``tiny``; a Hub id of an NLLB, M2M100, MADLAD-400 or OPUS-MT model (``owner/name``,
    ``owner/name@revision``, or a short name of :func:`known_models`; of OPUS-MT, which has a model for each pair of
    languages, ``opus-mt-en-sw``), fetched and converted once; a folder of such a model, as transformers or
    CTranslate2 write it; ``openai:URL#NAME``; ``transformers:ID-OR-FOLDER``; ``identity``; ``corrupting[:SEED]``; or
    ``MODULE:CLASS``, a class of the user's own that has the members of :class:`~mlt.translate.engine.Engine`.

    ``device``: auto, cpu or cuda. ``workers``: parallel decoders (cores, devices or requests; None: as many as
    the machine has). ``compute_type``: one of CTranslate2's, whatever the folder's weights were saved in (None:
    int8 on a CPU, int8_float16 or bfloat16 on a GPU). ``cache_dir``: where conversions are kept (None:
    MLT_CACHE_DIR, or the user's cache folder). ``progress`` is told what is fetched and converted.

    Raises UsageError for a spec that names nothing, EnvironmentProblem when the model cannot be had here.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device {device}: expected auto, cpu or cuda")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: expected 1 or more")
    options = EngineOptions(device, workers, compute_type, Path(cache_dir) if cache_dir else None, progress)
    built_in = _built_in(spec, options)
    if built_in is not None:
        return built_in
    folder = Path(spec).expanduser()
    if folder.is_dir():
        return _from_folder(folder, options)
    if spec.lower() == "opus-mt":
        raise UsageError(
            "opus-mt has a model for each pair of languages: name one (opus-mt-en-sw) or one of several targets "
            "(opus-mt-en-mul); only mlt translate chooses by language"
        )
    name = hub_id_of(spec)
    if _OWN_CLASS.fullmatch(spec):
        from .engines.own import load_own

        own = {field.name: getattr(options, field.name) for field in fields(options)}
        return load_own(spec, own)
    if _HUB_ID.fullmatch(name) and not spec.startswith((".", "~")):
        return _from_hub(name, options)
    names = ", ".join(model.alias for model in known_models())
    raise UsageError(f"--model {spec}: no such folder or model; expected {_ACCEPTED}, or one of {names}")


def _built_in(spec: str, options: EngineOptions) -> Engine | None:
    kind, _, rest = spec.partition(":")
    if spec == "identity":
        from .engines.identity import IdentityEngine

        return IdentityEngine()
    if kind == "corrupting":
        from .engines.corrupting import CorruptingEngine

        if rest and not rest.isdecimal():
            raise UsageError(f"--model {spec}: the seed after 'corrupting:' must be a whole number")
        return CorruptingEngine(int(rest or 0))
    if kind == "openai":
        from .engines.openai_engine import OpenAIEngine

        return OpenAIEngine.from_spec(spec, workers=options.workers)
    if kind == "transformers" and rest:
        return _reference(rest, options)
    if spec == "tiny":
        return _tiny(options)
    return None


def _tiny(options: EngineOptions) -> Engine:
    folder = tiny_folder()
    if not (folder / "model.bin").is_file():
        raise EnvironmentProblem(f"--model tiny: {folder} holds no model.bin; install mlt again")
    return _ct2(folder, options, name="tiny")


def _from_folder(folder: Path, options: EngineOptions) -> Engine:
    if (folder / "model.bin").is_file():
        return _ct2(folder, options)
    if not is_checkpoint(folder):
        raise UsageError(
            f"--model {folder}: neither a CTranslate2 folder (model.bin) nor a checkpoint of {NAMES} "
            f"(config.json with model_type {', '.join(MODEL_TYPES)})"
        )
    root = chosen_root(options.cache_dir)
    name = folder.resolve().name
    revision = content_revision(folder, root)

    def source() -> Snapshot:
        return Snapshot(folder, revision, _stated_license(folder), False)

    return _converted(name, revision, source, options, root)


def _from_hub(spec: str, options: EngineOptions) -> Engine:
    name, _, revision = spec.partition("@")

    def source() -> Snapshot:
        return fetch(name, revision or None, options.progress)

    return _converted(name, revision or None, source, options, chosen_root(options.cache_dir))


def _converted(
    name: str, requested: str | None, source: Callable[[], Snapshot], options: EngineOptions, root: Path
) -> Engine:
    """An engine on the cached conversion of a model; where there is none, one process fetches and converts."""
    from filelock import FileLock

    device = resolve_device(options.device)
    quantization = resolve_compute_type(options.compute_type, device)
    found = find_converted(root, name, quantization, requested)
    if found is None:
        slug = name.replace("/", "--")
        with disk_errors(root):
            (root / "models").mkdir(parents=True, exist_ok=True)
        with FileLock(root / "models" / f".{slug}-{quantization}.lock"):
            if find_converted(root, name, quantization, requested) is None:
                snapshot = source()
                short = snapshot.revision.removeprefix("blake2b:")[:12]
                about = about_model(
                    name=name,
                    revision=snapshot.revision,
                    requested=requested,
                    license=snapshot.license,
                    quantization=quantization,
                )
                convert_once(
                    snapshot.folder,
                    root / "models" / f"{slug}-{short}-{quantization}",
                    quantization,
                    about,
                    is_ct2=snapshot.is_ct2,
                    progress=options.progress,
                )
        found = find_converted(root, name, quantization, requested)
    if found is None:
        raise EnvironmentProblem(f"{root}: the conversion of {name} vanished; run the command again")
    return _ct2(Path(found.folder), options, name=name, revision=found.revision)


def _ct2(folder: Path, options: EngineOptions, *, name: str | None = None, revision: str | None = None) -> Engine:
    from .engines.ct2 import Ct2Engine

    device = resolve_device(options.device)
    about = read_about(folder)
    return Ct2Engine(
        folder,
        name=name or str(about.get("name") or folder.resolve().name),
        revision=revision or content_revision(folder, chosen_root(options.cache_dir)),
        license=about.get("license") or _stated_license(folder),
        notice=about.get("notice"),
        patience=float(about.get("patience") or 1),
        device=device,
        compute_type=resolve_compute_type(options.compute_type, device),
        workers=options.workers,
    )


def _reference(rest: str, options: EngineOptions) -> Engine:
    from .engines.transformers_engine import TransformersEngine

    folder = Path(rest).expanduser()
    if folder.is_dir():
        revision = content_revision(folder, chosen_root(options.cache_dir))
        snapshot, name = Snapshot(folder, revision, _stated_license(folder), False), folder.resolve().name
    else:
        name, _, wanted = hub_id_of(rest).partition("@")
        snapshot = fetch(name, wanted or None, options.progress)
    check_checkpoint(snapshot.folder)
    return TransformersEngine(
        snapshot.folder,
        name=name,
        revision=snapshot.revision,
        license=snapshot.license,
        device=options.device,
        compute_type=options.compute_type,
    )


def _stated_license(folder: Path) -> str | None:
    """The licence in a folder's model card, else that of the known model it says it was saved from."""
    card = folder / "README.md"
    if card.is_file():
        from huggingface_hub import metadata_load

        with suppress(ValueError):
            stated = (metadata_load(card) or {}).get("license")
            if isinstance(stated, str):
                return stated
    config = folder / "config.json"
    origin = read_json(config).get("_name_or_path") if config.is_file() else None
    return known_license(origin) if isinstance(origin, str) else None
