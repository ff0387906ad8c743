"""The Python API of ``mlt translate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.languages import ENGLISH, Language, Resolution, parse_languages
from ..toolkit.progress import NullProgress, Progress, step_messages
from ..toolkit.sources import SourceReader, open_source
from ..toolkit.tasks.base import ArgumentsPolicy, Policies, ToolsPolicy
from .engine import Decoding, Engine
from .models import DEFAULT_MODEL, load_engine
from .pipeline import Pipeline, model_notice, run_identity
from .shard import Settings
from .units import Segment

DEFAULT_SHARD_SIZE = 1000


@dataclass(frozen=True)
class RunResult:
    """A finished run: its folder and what its run.json holds."""

    path: Path
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A request made out: the source opened, the engine found, the languages checked against its vocabulary."""

    reader: SourceReader
    engine: Engine
    languages: tuple[Language, ...]
    settings: Settings


def translate(
    source: str | Path | None = None,
    *,
    langs: str | Sequence[str],
    out: str | Path | None = None,
    force: bool = False,
    shard_size: int = DEFAULT_SHARD_SIZE,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> RunResult:
    """Translate an English data set into ``langs``, or continue the run in ``out``.

    ``source``: a file or folder, a preset, ``hf://owner/name[:config][@revision]``, or None for the embedded sample.
    ``langs``: names or codes, as a list or separated by commas. ``out``: the run's folder; left out, a folder under
    ``runs/`` is named after source and model. A run that is there is continued or extended (more languages, a higher
    limit); one made otherwise is refused, unless ``force`` is given, which removes it. ``shard_size``: source rows a
    shard. ``options`` are those of :func:`prepare`.

    Raises UsageError, DataError or EnvironmentProblem, each with one line that says what to do.
    """
    from ..toolkit.store import RunStore

    progress = progress or NullProgress()
    if shard_size < 1:
        raise UsageError(f"--shard-size {shard_size}: expected 1 or more rows")
    job = prepare(source, langs=langs, cache_dir=cache_dir, progress=progress, **options)
    path = Path(out) if out is not None else default_out(job.reader, job.engine)
    identity = run_identity(job.reader, job.engine, job.settings, shard_size)
    try:
        with RunStore.open(path, identity, force=force) as store:
            cache_root = Path(cache_dir) if cache_dir else None
            pipeline = Pipeline(store, job.reader, job.engine, job.settings, shard_size, cache_root, progress)
            pipeline.run(job.languages)
            return RunResult(path, dict(store.manifest))
    finally:
        job.engine.close()


def prepare(
    source: str | Path | None = None,
    *,
    langs: str | Sequence[str],
    task: str = "auto",
    model: str = DEFAULT_MODEL,
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
    progress: Progress | None = None,
) -> Job:
    """Open the source, find the engine and check the request, before anything is written.

    ``columns`` maps their column names to ours. ``argument_table``: "Api.argument" -> keep or translate, or a YAML
    file of that, over the bundled one. ``ladder`` False stops at the first attempt (to measure an engine).
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
    resolutions = _resolve(langs, progress)
    policies = Policies(arguments, tools, _table(argument_table))
    decoding = Decoding(max(beam_size, n_best), n_best, length_penalty, repetition_penalty)
    reader = open_source(None if source is None else str(source), task=task, split=split, columns=columns, limit=limit)
    engine = load_engine(
        model,
        device=device,
        workers=workers,
        compute_type=compute_type,
        cache_dir=cache_dir,
        progress=step_messages(progress),
    )
    progress.message("")
    languages = tuple(resolution.language for resolution in resolutions)
    check_support(engine, model, languages)
    if notice := model_notice(engine):
        progress.note(f"{model}: {notice}")
    return Job(reader, engine, languages, Settings(policies, decoding, segment, ladder))


def check_support(engine: Engine, model: str, languages: Sequence[Language]) -> None:
    """Refuse languages that the vocabulary lacks: CTranslate2 would translate into another one without a word."""
    if unknown := [language for language in languages if not engine.supports(language)]:
        names = ", ".join(f"{language.code} ({language.flores})" for language in unknown)
        raise UsageError(f"--langs: {model} does not know {names}; leave it out or use another --model")


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
