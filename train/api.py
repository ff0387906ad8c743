"""The Python API of ``mlt mix``: runs become a mixture, or a ladder of mixtures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..toolkit.errors import UsageError
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.remote_files import local_only
from .inputs import Inputs, check_languages, open_inputs
from .ladder import load_ladder
from .mixer import Mixer, Plan, Pool
from .mixture_folder import check_ladder_folder, check_mixture_folder, publish, scratch_in, standing
from .request import Request, check_name, make_request, ordered
from .take import Shortage, shortage_error


@dataclass(frozen=True)
class MixResult:
    """A mixture: its folder and what its mixture.json holds. ``made`` is False where it stood there already.

    Of a dry run the manifest has no files, and ``missing`` says what there is too little of.
    """

    path: Path
    manifest: dict[str, Any]
    made: bool
    missing: tuple[Shortage, ...] = ()


@dataclass(frozen=True)
class LadderResult:
    """The mixtures of a ladder, in its order, and the folder that holds theirs."""

    path: Path
    mixtures: list[MixResult]


def mix(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    langs: str | Sequence[str] | None = None,
    per_language: int | None = None,
    total: int | None = None,
    tokens: int | None = None,
    steps: int | None = None,
    batch_size: int = 512,
    epochs: int = 6,
    sequence_length: int | None = None,
    mode: str = "parallel",
    weights: str | Mapping[str, float] | None = None,
    temperature: float | None = None,
    tasks: str | Sequence[str] | Mapping[str, float] | None = None,
    validation: int = 0,
    decontaminate: str | Sequence[str] = (),
    tokenizer: str | None = None,
    format: str = "prompt",
    annotations: str = "keep",
    seed: int = 0,
    force: bool = False,
    dry_run: bool = False,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> MixResult:
    """Make the mixture ``out`` of finished runs; of one task and language the first run that has an item wins.

    One budget is given: ``per_language`` items, or ``total`` rows, ``tokens`` or optimiser ``steps`` (of ``batch_size``
    rows over ``epochs``; rows of ``sequence_length`` tokens where that is given) over all languages, divided evenly,
    by ``weights``, or by ``temperature``. ``mode``: "parallel" (the same items in every language), "disjoint" (each
    item in one) or "union". ``tasks``: names or shares. ``validation``: items a language set apart by group.
    ``decontaminate``: test sets (``mgsm``, ``NAME=SOURCE``) to remove first. ``tokenizer``: a Hub id or a path.

    Called again with the same, it makes nothing. Raises UsageError, DataError or EnvironmentProblem, each with one line
    that says what to do; nothing is written where rows or tokens are missing.
    """
    request = make_request(
        langs=langs,
        per_language=per_language,
        total=total,
        tokens=tokens,
        steps=steps,
        batch_size=batch_size,
        epochs=epochs,
        sequence_length=sequence_length,
        mode=mode,
        weights=weights,
        temperature=temperature,
        tasks=tasks,
        validation=validation,
        format=format,
        annotations=annotations,
        seed=seed,
        with_tokenizer=tokenizer is not None,
    )
    local_only(out, "--out")
    progress, folder = progress or NullProgress(), Path(out)
    name = check_name(folder.resolve().name)
    if not dry_run:
        check_mixture_folder(folder)
    inputs = open_inputs(runs, decontaminate, tokenizer, cache_dir, progress)
    languages = request.languages or inputs.languages()
    mixer = _mixer(inputs, request, languages, progress)
    plan = Plan(name, languages)
    with _scratch(folder, dry_run) as scratch:
        manifest = None if dry_run or force else standing(folder, mixer.identity(plan))
        if manifest is not None:
            return MixResult(folder, manifest, made=False)
        with mixer.catalogue(scratch) as pool:
            return _preview(pool, plan, folder) if dry_run else _make(pool, plan, folder, scratch, request.mode)


def mix_ladder(
    runs: Sequence[str | Path],
    out: str | Path,
    preset: str | Path,
    *,
    per_language: int | None = None,
    total: int | None = None,
    tokens: int | None = None,
    steps: int | None = None,
    batch_size: int = 512,
    epochs: int = 6,
    sequence_length: int | None = None,
    mode: str = "parallel",
    weights: str | Mapping[str, float] | None = None,
    temperature: float | None = None,
    tasks: str | Sequence[str] | Mapping[str, float] | None = None,
    validation: int = 0,
    decontaminate: str | Sequence[str] = (),
    tokenizer: str | None = None,
    format: str = "prompt",
    annotations: str = "keep",
    seed: int = 0,
    force: bool = False,
    dry_run: bool = False,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> LadderResult:
    """Make the mixtures of a ladder (a preset's name or a YAML file), a folder each in ``out``; the rest as for mix.

    In parallel mode all are taken from the items that every language of the ladder has, and all have one validation
    split: the English items are the same in each. Called again, it makes those that are not there yet.
    """
    request = make_request(
        langs=None,
        per_language=per_language,
        total=total,
        tokens=tokens,
        steps=steps,
        batch_size=batch_size,
        epochs=epochs,
        sequence_length=sequence_length,
        mode=mode,
        weights=weights,
        temperature=temperature,
        tasks=tasks,
        validation=validation,
        format=format,
        annotations=annotations,
        seed=seed,
        with_tokenizer=tokenizer is not None,
    )
    local_only(out, "--out")
    progress, folder = progress or NullProgress(), Path(out)
    ladder = load_ladder(str(preset))
    plans = [
        Plan(mixture.name, ordered(mixture.languages), {"name": ladder.name, "size": mixture.size})
        for mixture in ladder.mixtures
    ]
    if not dry_run:
        check_ladder_folder(folder, {plan.name for plan in plans})
        for plan in plans:
            check_mixture_folder(folder / plan.name)
    inputs = open_inputs(runs, decontaminate, tokenizer, cache_dir, progress)
    mixer = _mixer(inputs, request, ordered(ladder.languages), progress)
    with _scratch(folder, dry_run) as scratch:
        there: dict[str, MixResult] = {}
        for plan in [] if dry_run or force else plans:
            if (manifest := standing(folder / plan.name, mixer.identity(plan))) is not None:
                there[plan.name] = MixResult(folder / plan.name, manifest, made=False)
        if len(there) < len(plans):
            with mixer.catalogue(scratch) as pool:
                _fill(pool, [plan for plan in plans if plan.name not in there], folder, there, dry_run, request.mode)
    return LadderResult(folder, [there[plan.name] for plan in plans])


def _fill(
    pool: Pool, plans: Sequence[Plan], folder: Path, results: dict[str, MixResult], dry_run: bool, mode: str
) -> None:
    """Makes what is missing of a ladder: only where there is enough for every mixture of it."""
    previews = {plan.name: _preview(pool, plan, folder / plan.name) for plan in plans}
    if dry_run:
        results |= previews
        return
    if missing := [entry for preview in previews.values() for entry in preview.missing]:
        raise shortage_error(list(dict.fromkeys(missing)), mode)
    for plan in plans:
        with scratch_in(folder / plan.name) as scratch:
            results[plan.name] = _make(pool, plan, folder / plan.name, scratch, mode)


def _make(pool: Pool, plan: Plan, folder: Path, scratch: Path, mode: str) -> MixResult:
    if missing := pool.take(plan):
        raise shortage_error(missing, mode)
    made = scratch / "made"
    made.mkdir()
    manifest = pool.write(plan, made)
    publish(made, folder, manifest)
    return MixResult(folder, manifest, made=True)


def _preview(pool: Pool, plan: Plan, folder: Path) -> MixResult:
    missing = pool.take(plan)
    return MixResult(folder, pool.preview(plan), made=False, missing=tuple(missing))


def _mixer(inputs: Inputs, request: Request, languages: Sequence[str], progress: Progress) -> Mixer:
    check_languages(inputs, languages)
    if unknown := [lang for lang in request.weights or {} if lang not in languages]:
        raise UsageError(f"--weights names {', '.join(unknown)}, which is none of {', '.join(languages)}")
    return Mixer(inputs, request, languages, progress)


@contextmanager
def _scratch(folder: Path, dry_run: bool) -> Iterator[Path]:
    """A folder for what is being made: inside of ``folder``, or, where nothing may be written there, elsewhere."""
    if not dry_run:
        with scratch_in(folder) as scratch:
            yield scratch
        return
    with TemporaryDirectory(prefix="mlt-") as elsewhere:
        yield Path(elsewhere)
