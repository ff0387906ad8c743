"""The Python API of ``mlt translate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import ENGLISH, Language, Resolution, parse_languages
from ..toolkit.parts import chosen_part
from ..toolkit.progress import NullProgress, Progress, step_messages
from ..toolkit.remote_files import place, shown
from ..toolkit.run import manifest_at
from ..toolkit.sources import SourceReader, open_source
from ..toolkit.tasks.base import ArgumentsPolicy, Policies, ToolsPolicy
from .engine import Decoding, Engine
from .engines.by_language import of_language
from .language_engines import check_kind, model_notice
from .model_choice import load_engines
from .models import DEFAULT_MODEL
from .pipeline import Pipeline
from .run_identity import run_identity
from .shard import Settings
from .shortlist.setting import Setting, in_force, of_own
from .units import Segment

DEFAULT_SHARD_SIZE = 1000


@dataclass(frozen=True)
class RunResult:
    """A finished run: its folder (or URL) and what its run.json holds."""

    path: Path | str
    manifest: dict[str, Any]

    @property
    def where(self) -> str:
        """The run as messages name it: a URL without credentials."""
        return shown(str(self.path))


@dataclass(frozen=True)
class Job:
    """A request made out: the source opened, the engine found, the languages checked against its vocabulary.

    ``shortlist`` is the setting in force.
    """

    reader: SourceReader
    engine: Engine
    languages: tuple[Language, ...]
    settings: Settings
    shortlist: Setting = "off"


def translate(
    source: str | Path | None = None,
    *,
    langs: str | Sequence[str],
    out: str | Path | None = None,
    force: bool = False,
    shard_size: int = DEFAULT_SHARD_SIZE,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
    executor: str = "local",
    address: str | None = None,
    cpus_per_worker: float | None = None,
    gpus_per_worker: float | None = None,
    shard: str | None = None,
    **options: Any,
) -> RunResult:
    """Translate an English data set into ``langs``, or continue the run in ``out``.

    ``source``: a file or folder, a preset, ``hf://owner/name[:config][@revision]``, or None for the embedded sample.
    ``langs``: names or codes, as a list or separated by commas. ``out``: the run's folder, or a URL such as
    s3://bucket/runs/x (:mod:`~mlt.toolkit.run_mirror`); left out, a folder under ``runs/`` is named after source and
    model. A run that is there is continued or extended (more languages, a higher
    limit); one made otherwise is refused, unless ``force`` is given, which removes it. ``shard_size``: source rows a
    shard. ``options`` are those of :func:`prepare`.

    ``executor``: "local", or "ray" for the workers of a cluster, of which ``address`` is one
    (:func:`~mlt.toolkit.ray_cluster.cluster`) and ``workers``, ``cpus_per_worker`` and ``gpus_per_worker`` the size
    (:class:`~mlt.toolkit.actor_pool.PoolSize`). ``shard``: "3/64" does the third of 64 parts of the run, for tasks that
    write one folder together or a folder each; :func:`~mlt.translate.distributed.merge.merge` makes it whole.

    Raises UsageError, DataError or EnvironmentProblem, each with one line that says what to do.
    """
    from ..toolkit.store import RunStore

    progress = progress or NullProgress()
    if shard_size < 1:
        raise UsageError(f"--shard-size {shard_size}: expected 1 or more rows")
    given = {"address": address, "cpus-per-worker": cpus_per_worker, "gpus-per-worker": gpus_per_worker}
    part = chosen_part(executor, given, shard, force=force)
    if executor == "ray":
        from ..toolkit.actor_pool import PoolSize
        from .distributed.ray_run import translate_on_ray

        return translate_on_ray(
            source,
            pool=PoolSize(options.pop("workers", None), cpus_per_worker, gpus_per_worker),
            address=address,
            langs=langs,
            out=out,
            force=force,
            shard_size=shard_size,
            cache_dir=cache_dir,
            progress=progress,
            **options,
        )
    job = prepare(source, langs=langs, cache_dir=cache_dir, progress=progress, **options)
    path = place(out) if out is not None else default_out(job.reader, job.engine)
    shortlist = job.shortlist if force else as_begun(path, job.engine, job.shortlist)
    identity = run_identity(job.reader, job.engine, job.settings, shard_size, shortlist)
    cache_root = Path(cache_dir) if cache_dir else None

    def pipeline_of(store: RunStore) -> Pipeline:
        return Pipeline(
            store,
            job.reader,
            job.engine,
            job.settings,
            shard_size,
            cache_root,
            progress,
            shortlist,
            find_speed=options.get("workers") is None,
        )

    try:
        if part is not None:
            from .distributed.part_run import translate_part

            return RunResult(path, translate_part(path, identity, part, pipeline_of, job.languages, cache_root))
        with RunStore.open(path, identity, force=force, cache_dir=cache_root) as store:
            pipeline_of(store).run(job.languages)
            return RunResult(path, dict(store.manifest))
    finally:
        job.engine.close()


def prepare(
    source: str | Path | None = None,
    *,
    langs: str | Sequence[str],
    task: str = "auto",
    model: str = DEFAULT_MODEL,
    model_for: str | Mapping[str, str] | None = None,
    split: str | None = None,
    limit: int | None = None,
    columns: Mapping[str, str] | None = None,
    arguments: ArgumentsPolicy = "keep",
    tools: ToolsPolicy = "keep",
    argument_table: str | Path | Mapping[str, ArgumentsPolicy] | None = None,
    segment: Segment = "sentence",
    beam_size: int = 4,
    n_best: int = 1,
    length_penalty: float = 1.0,
    repetition_penalty: float = 1.0,
    device: str = "auto",
    workers: int | None = None,
    compute_type: str | None = None,
    cache_dir: str | Path | None = None,
    ladder: bool = True,
    shortlist: str = "auto",
    load: Callable[..., Engine] = load_engines,
    progress: Progress | None = None,
) -> Job:
    """Open the source, find the engine and check the request, before anything is written.

    ``model``, ``model_for``: see :func:`~mlt.translate.model_choice.load_engines`.
    ``columns`` maps their column names to ours. ``argument_table``: "Api.argument" -> keep or translate, or a YAML
    file of that, over the bundled one. ``ladder`` False stops at the first attempt (to measure an engine).
    ``shortlist``: auto, script, learned or off, see :mod:`mlt.translate.shortlist.setting`. ``load`` makes the engine.
    The other options are those of the command line, see ``mlt translate --help``.
    """
    progress = progress or NullProgress()
    for name, value, allowed in (
        ("arguments", arguments, ("keep", "translate")),
        ("tools", tools, ("keep", "translate")),
        ("segment", segment, ("sentence", "line")),
    ):
        if value not in allowed:
            raise UsageError(f"--{name} {value}: expected {' or '.join(allowed)}")
    if beam_size < 1 or n_best < 1:
        raise UsageError(f"--beam-size {beam_size} --n-best {n_best}: expected 1 or more")
    if limit is not None and limit < 0:
        raise UsageError(f"--limit {limit}: expected 0 or more rows")
    languages = tuple(resolution.language for resolution in _resolve(langs, progress))
    policies = Policies(arguments, tools, _table(argument_table))
    decoding = Decoding(max(beam_size, n_best), n_best, length_penalty, repetition_penalty)
    reader = open_source(None if source is None else str(source), task=task, split=split, columns=columns, limit=limit)
    engine = load(
        model,
        languages=languages,
        model_for=model_for,
        device=device,
        workers=workers,
        compute_type=compute_type,
        cache_dir=cache_dir,
        progress=step_messages(progress),
    )
    progress.message("")
    lists = in_force(shortlist, engine)
    check_support(engine, model, languages)
    for own in {id(own): own for own in (of_language(engine, language) for language in languages)}.values():
        of_own(lists, own)
        if notice := model_notice(own):
            progress.note(f"{model if own is engine else own.name}: {notice}")
    return Job(reader, engine, languages, Settings(policies, decoding, segment, ladder), lists)


def as_begun(path: Path | str, engine: Engine, shortlist: Setting) -> Setting:
    """``auto`` is ``off`` for a run that was begun without lists; it goes on as it began.

    Raises DataError where it was begun with one model for all languages and the engine has one for each, or the
    reverse.
    """
    if (manifest := manifest_at(path)) is None:
        return shortlist
    check_kind(shown(str(path)), manifest, engine)
    return shortlist if shortlist != "auto" or "shortlist" in manifest["identity"] else "off"


def check_support(engine: Engine, model: str, languages: Sequence[Language]) -> None:
    """Refuse languages that the vocabulary lacks: CTranslate2 would translate into another one without a word."""
    if unknown := [language for language in languages if not engine.supports(language)]:
        own = of_language(engine, unknown[0])
        named = model if own is engine else str(own.identity["model"])
        names = ", ".join(
            f"{language.code} ({language.flores})" for language in unknown if of_language(engine, language) is own
        )
        raise UsageError(f"--langs: {named} does not know {names}; leave it out or use another model")


def default_out(reader: SourceReader, engine: Engine) -> Path:
    """``runs/<source>-<model>`` in the working folder."""
    parts = (Path(str(reader.dataset)).stem, Path(str(engine.identity["model"])).name)
    return Path("runs") / "-".join("".join(c if c.isalnum() or c in "._" else "-" for c in part) for part in parts)


def _resolve(langs: str | Sequence[str], progress: Progress) -> list[Resolution]:
    resolutions = parse_languages(langs if isinstance(langs, str) else ",".join(langs))
    for resolution in resolutions:
        if resolution.note:
            progress.note(resolution.note)
        if resolution.language == ENGLISH:
            raise UsageError("--langs en: English is the source and stands in every run; leave it out")
    return resolutions


def _table(table: str | Path | Mapping[str, ArgumentsPolicy] | None) -> Mapping[str, ArgumentsPolicy]:
    if table is None or isinstance(table, Mapping):
        return table or {}
    from ..toolkit.tasks.arguments import read_table

    return read_table(Path(table))
