"""Tasks by name, and the task that a row's columns speak of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..errors import UsageError
from .base import Task

TASKS = ("math", "api")

# Sets of columns that give a task away. API sets come first: their columns may include a question too.
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("api", ("instruction", "input", "expected_output")),
    ("api", ("instruction", "input", "output")),
    ("api", ("turns",)),
    ("api", ("question", "function")),
    ("api", ("question", "involved_classes")),
    ("api", ("query", "tools", "answers")),
    ("api", ("messages", "tools")),
    ("api", ("conversations",)),
    ("api", ("requirement", "apis")),
    ("math", ("question", "answer")),
    ("math", ("query", "response")),
    ("math", ("problem", "solution")),
    ("math", ("Body", "Question", "Answer")),
)


def get_task(name: str) -> Task:
    """The adaptor of task ``name`` ("math" or "api"); raises UsageError for another name."""
    if name == "math":
        from .math import MathTask

        return MathTask()
    if name == "api":
        from .api import ApiTask

        return ApiTask()
    raise UsageError(f"unknown task {name!r}: choose one of {', '.join(TASKS)}")


def task_of(columns: Collection[str]) -> str | None:
    """The task whose columns stand among ``columns``, or None."""
    return next((task for task, signs in _SIGNS if all(sign in columns for sign in signs)), None)


def detect_task(row: Mapping[str, Any]) -> str:
    """The task of a source row by its columns; raises UsageError naming them where they fit none."""
    task = task_of(row.keys())
    if task is None:
        seen = ", ".join(str(key) for key in list(row)[:20]) or "none"
        raise UsageError(
            f"cannot tell the task from the columns ({seen}): name it with --task, or map the columns with "
            "--columns theirs=ours (math: question, answer)"
        )
    return task
