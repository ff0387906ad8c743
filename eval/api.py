"""``mlt eval`` from Python: a model answers the items of a test set, and every answer is judged and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ..toolkit.errors import UsageError
from ..toolkit.parts import Part, chosen_part
from ..toolkit.progress import NullProgress, Progress
from ..toolkit.remote_files import local_only
from .asking import Asking, answer, judge_of, reachable
from .engine import Generator
from .fidelity import FidelityJudge
from .folder import check_out, opened_folder
from .items import Item
from .results import summarize
from .samples import SampleFile, settle
from .test_sets import OpenedSet, open_test_set

Backend = Literal["auto", "transformers", "vllm", "openai"]
Chat = Literal["auto", "on", "off"]
BACKENDS = ("auto", "transformers", "vllm", "openai")
CHATS = ("auto", "on", "off")

MAX_NEW_TOKENS = {"math": 512, "api": 256}
"""Worked solutions are longer than calls."""


@dataclass(frozen=True)
class EvalResult:
    """``path``: the folder of the evaluation; ``results``: what its results.json holds, empty after a dry run or a
    part; ``test_set``: what was, or would be, asked; ``generated``: how many samples are new."""

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
    executor: str = "local",
    address: str | None = None,
    workers: int | None = None,
    cpus_per_worker: float | None = None,
    gpus_per_worker: float | None = None,
    shard: str | None = None,
) -> EvalResult:
    """Evaluates a model, an adapter or an endpoint on a test set, and writes the folder ``out``.

    ``model``: a local checkpoint or adapter, a Hub id, or ``openai:URL#NAME``. ``task``, ``langs``, ``data``,
    ``shots``, ``limit``, ``seed``: see :func:`mlt.eval.test_sets.open_test_set`. ``chat``: through the model's chat
    template ("auto": only where the set has messages and no prompts). ``max_new_tokens``: 512 for math, 256 for calls.
    ``lid``: the detector that judges the language of answers, or "none". The same call goes on where an earlier one
    was ended, and generates nothing that ``out`` holds; further languages, items or test sets of the same model may be
    added to it. With ``dry_run`` no model is loaded and nothing written.

    ``executor``: "local", or "ray" for the workers of a cluster, of which ``address`` is one
    (:func:`~mlt.toolkit.ray_cluster.cluster`) and ``workers``, ``cpus_per_worker`` and ``gpus_per_worker`` the size
    (:class:`~mlt.toolkit.actor_pool.PoolSize`). ``shard``: "3/64" answers the third of 64 parts, for tasks that write
    one folder together; :func:`~mlt.eval.distributed.merge.merge_evaluation` then makes the results.

    Raises UsageError, DataError, or EnvironmentProblem, each in one line; SetAside where workers failed on items.
    """
    progress = progress or NullProgress()
    given = {
        "address": address,
        "workers": workers,
        "cpus-per-worker": cpus_per_worker,
        "gpus-per-worker": gpus_per_worker,
    }
    part = chosen_part(executor, given, shard, force=force)
    _check(backend, chat, batch_size, max_new_tokens, out, dry_run=dry_run)
    progress.message("reading the test set")
    opened = open_test_set(task, langs, data, shots=shots, limit=limit, seed=seed, cache_dir=cache_dir)
    progress.message("")
    if dry_run or out is None:
        return EvalResult(None, {}, opened)
    local_only(out, "--out")
    folder = Path(out)
    check_out(folder)
    load = partial(
        open_generator, reachable(model), backend=backend, chat=_chats(chat, opened.items), batch_size=batch_size
    )
    asking = Asking(opened, load, shots, max_new_tokens or MAX_NEW_TOKENS[task], lid)
    if executor == "ray":
        from ..toolkit.actor_pool import PoolSize
        from .distributed.ray_run import answer_on_ray

        pool = PoolSize(workers, cpus_per_worker, gpus_per_worker)
        generated, results = answer_on_ray(asking, folder, pool, address, force=force, progress=progress)
    else:
        generated, results = _run_here(asking, folder, part, force=force, progress=progress)
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


def _run_here(
    asking: Asking, folder: Path, part: Part | None, *, force: bool, progress: Progress
) -> tuple[int, dict[str, Any]]:
    """Answers all items, or a part, by this process: how many samples are new, and the results unless it was a part."""
    judge = judge_of(asking.lid)
    progress.message("loading the model")
    generator = asking.load(progress=progress)
    progress.message("")
    try:
        if part is not None:
            from .distributed.part_run import answer_part

            return answer_part(asking, generator, judge, folder, part, progress), {}
        with opened_folder(folder, asking.identity(generator.identity), asking.entry, force=force):
            generated = _answer_here(asking, generator, judge, folder, progress)
            progress.message("writing the report")
            results = summarize(folder)
            progress.message("")
            return generated, results
    finally:
        generator.close()


def _answer_here(
    asking: Asking, generator: Generator, judge: FidelityJudge | None, folder: Path, progress: Progress
) -> int:
    """Asks what no sample answers yet, language by language; gives the number of new samples."""
    generated = 0
    for lang, items in asking.items.items():
        settle(folder, asking.task, lang)
        with SampleFile(folder, asking.task, lang) as samples:
            done = {index for index, item in enumerate(items) if (item.test_set, item.key) in samples.keys}
            progress.start(lang, len(items))
            progress.advance(lang, len(done))
            for sample in answer(generator, items, asking.max_new_tokens, judge, done):
                samples.append(sample)
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
