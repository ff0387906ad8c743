"""``mlt eval`` from Python: a model answers the items of a test set, and every answer is judged and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..toolkit.errors import UsageError
from ..toolkit.files import disk_errors
from ..toolkit.locks import locked
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.prompts import PROMPTS_VERSION
from ..toolkit.signature import OUTPUT_VERSION
from .engine import Generator
from .fidelity import FidelityJudge
from .folder import check_out, open_folder
from .items import Item
from .results import summarize
from .samples import SampleFile
from .score import score
from .test_sets import OpenedSet, open_test_set

Backend = Literal["auto", "transformers", "vllm", "openai"]
Chat = Literal["auto", "on", "off"]
BACKENDS = ("auto", "transformers", "vllm", "openai")
CHATS = ("auto", "on", "off")

MAX_NEW_TOKENS = {"math": 512, "api": 256}
"""Worked solutions are longer than calls."""


@dataclass(frozen=True)
class EvalResult:
    """``path``: the folder of the evaluation; ``results``: what its results.json holds, empty after a dry run;
    ``test_set``: what was, or would be, asked; ``generated``: how many samples are new."""

    path: Path | None
    results: dict[str, Any]
    test_set: OpenedSet
    generated: int = 0


def evaluate(
    model: str | Path,
    *,
    task: str,
    langs: str | Sequence[str] | None = None,
    data: str | Path | None = None,
    shots: int = 0,
    backend: Backend = "auto",
    limit: int | None = None,
    batch_size: int = 8,
    max_new_tokens: int | None = None,
    chat: Chat = "auto",
    lid: str = "embedded",
    out: str | Path | None = None,
    seed: int = 0,
    force: bool = False,
    dry_run: bool = False,
    cache_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> EvalResult:
    """Evaluates a model, an adapter or an endpoint on a test set, and writes the folder ``out``.

    ``model``: a local checkpoint or adapter, a Hub id, or ``openai:URL#NAME``. ``task``, ``langs``, ``data``,
    ``shots``, ``limit``, ``seed``: see :func:`mlt.eval.test_sets.open_test_set`. ``chat``: through the model's chat
    template ("auto": only where the set has messages and no prompts). ``max_new_tokens``: 512 for math, 256 for calls.
    ``lid``: the detector that judges the language of answers, or "none". The same call goes on where an earlier one
    was ended, and generates nothing that ``out`` holds; further languages, items or test sets of the same model may be
    added to it. With ``dry_run`` no model is loaded and nothing written.

    Raises UsageError, DataError, or EnvironmentProblem, each in one line.
    """
    progress = progress or NullProgress()
    _check(backend, chat, batch_size, max_new_tokens, out, dry_run=dry_run)
    progress.message("reading the test set")
    opened = open_test_set(task, langs, data, shots=shots, limit=limit, seed=seed, cache_dir=cache_dir)
    progress.message("")
    if dry_run or out is None:
        return EvalResult(None, {}, opened)
    folder = Path(out)
    check_out(folder)
    progress.message("loading the model")
    generator = open_generator(
        str(model), backend=backend, chat=_chats(chat, opened.items), batch_size=batch_size, progress=progress
    )
    progress.message("")
    try:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            limit_tokens = max_new_tokens or MAX_NEW_TOKENS[task]
            open_folder(folder, _identity(generator, lid), _entry(opened, shots, limit_tokens), force=force)
            judge = None if lid == "none" else FidelityJudge(lid)
            generated = _answer(generator, opened, folder, limit_tokens, judge, progress)
            progress.message("writing the report")
            results = summarize(folder)
            progress.message("")
    finally:
        generator.close()
    return EvalResult(folder, results, opened, generated)


def open_generator(
    model: str, *, backend: Backend = "auto", chat: bool = False, batch_size: int = 8, progress: Progress | None = None
) -> Generator:
    """The backend for a model, ready to answer. UsageError where the two do not go together."""
    remote = model.startswith("openai:")
    if remote and backend not in ("auto", "openai"):
        raise UsageError(f"--backend {backend}: {model} is an endpoint; use --backend openai, or leave it out")
    if remote or backend == "openai":
        from .engines.openai import OpenAIGenerator

        return OpenAIGenerator.load(model, batch_size=batch_size, chat=chat)
    if backend == "vllm":
        from .engines.vllm import VllmGenerator

        return VllmGenerator.load(model, chat=chat, progress=progress)
    from .engines.transformers import HfGenerator

    return HfGenerator.load(model, batch_size=batch_size, chat=chat, progress=progress)


def _answer(
    generator: Generator,
    opened: OpenedSet,
    folder: Path,
    max_new_tokens: int,
    judge: FidelityJudge | None,
    progress: Progress,
) -> int:
    """Asks what no sample answers yet, language by language; gives the number of new samples."""
    generated = 0
    for lang in opened.languages:
        items = [item for item in opened.items if item.lang == lang]
        with SampleFile(folder, opened.task, lang) as samples:
            done = {index for index, item in enumerate(items) if (item.test_set, item.key) in samples.keys}
            progress.start(lang, len(items))
            progress.advance(lang, len(done))
            for index, output in generator.generate(items, max_new_tokens=max_new_tokens, done=done):
                samples.append(score(items[index], output, judge))
                progress.advance(lang, 1)
                generated += 1
            progress.finish(lang)
    return generated


def _check(
    backend: str, chat: str, batch_size: int, max_new_tokens: int | None, out: str | Path | None, *, dry_run: bool
) -> None:
    if backend not in BACKENDS:
        raise UsageError(f"--backend {backend}: choose {', '.join(BACKENDS)}")
    if chat not in CHATS:
        raise UsageError(f"--chat {chat}: choose {', '.join(CHATS)}")
    if batch_size < 1 or (max_new_tokens is not None and max_new_tokens < 1):
        raise UsageError("--batch-size and --max-new-tokens must be 1 or more")
    if out is None and not dry_run:
        raise UsageError("--out is missing: name the folder of the evaluation")


def _chats(chat: Chat, items: Sequence[Item]) -> bool:
    return not all(item.prompt for item in items) if chat == "auto" else chat == "on"


def _identity(generator: Generator, lid: str) -> dict[str, Any]:
    return {**generator.identity, "lid": lid, "prompts": PROMPTS_VERSION, "output_version": OUTPUT_VERSION}


def _entry(opened: OpenedSet, shots: int, max_new_tokens: int) -> dict[str, Any]:
    return {
        "name": opened.name,
        "task": opened.task,
        "shots": shots,
        "max_new_tokens": max_new_tokens,
        "skipped": opened.skipped,
        "revisions": opened.revisions,
    }
