"""One of several tasks that answer an evaluation together (``--shard 3/64``), on any scheduler."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from ...toolkit.files import disk_errors
from ...toolkit.locks import locked, task_lock
from ...toolkit.parts import Part
from ...toolkit.progress import Progress
from ..asking import Asking, answer
from ..engine import Generator
from ..fidelity import FidelityJudge
from ..folder import open_folder
from ..samples import SampleFile, answered
from .plan import Asked, extend_plan


def answer_part(
    asking: Asking, generator: Generator, judge: FidelityJudge | None, folder: Path, part: Part, progress: Progress
) -> int:
    """Answers a part of the items into a folder that all tasks share; the number of new samples.

    Each task writes files of its own, and whatever any of them has answered is not asked again. Nothing is counted:
    :func:`~mlt.eval.distributed.merge.merge_evaluation` does that. Raises what
    :func:`~mlt.eval.folder.open_folder` does, EnvironmentProblem where a task of this part runs already.
    """
    wanted = {lang: _asked(asking, generator, lang) for lang in asking.items}
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with locked(folder, wait=True, beside=True):
            open_folder(folder, asking.identity(generator.identity), asking.entry)
            held.enter_context(task_lock(folder, part.name))
            agreed = extend_plan(folder, part.count, wanted)
        return sum(
            _answer_language(asking, generator, judge, folder, part, asked, progress) for asked in agreed.values()
        )


def _asked(asking: Asking, generator: Generator, lang: str) -> Asked:
    items = asking.items[lang]
    batches = [[items[index].key for index in batch] for batch in generator.batches(items)]
    return Asked(asking.task, asking.opened.name, lang, batches)


def _answer_language(
    asking: Asking,
    generator: Generator,
    judge: FidelityJudge | None,
    folder: Path,
    part: Part,
    asked: Asked,
    progress: Progress,
) -> int:
    lang, generated = asked.lang, 0
    items = {item.key: item for item in asking.items[lang]}
    mine = list(asked.of_part(part))
    # Opened first: what a kill of this task has torn is cut off before the files are read.
    with SampleFile(folder, asking.task, lang, part) as samples:
        known = {key for test_set, key in answered(folder, asking.task, lang) if test_set == asked.test_set}
        progress.start(lang, sum(map(len, mine)))
        for batch in mine:
            done = [place for place, key in enumerate(batch) if key in known]
            progress.advance(lang, len(done))
            if len(done) == len(batch):
                continue
            for sample in answer(generator, [items[key] for key in batch], asking.max_new_tokens, judge, done):
                samples.append(sample)
                progress.advance(lang, 1)
                generated += 1
        progress.finish(lang)
    return generated
