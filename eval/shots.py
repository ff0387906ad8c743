"""Worked examples that stand before a question, in the question's own language and the form of its prompt."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..toolkit.chat import chat_messages
from ..toolkit.errors import DataError
from ..toolkit.prompts import completion_of, prompt_of
from ..toolkit.readers import read_rows
from ..toolkit.records import Gold, Message, Record, Source

SEPARATOR = "\n\n"
"""Between examples, and so what an output ends at."""

HUB_FILE = "exemplars.py"
"""Where MGSM's repository on the Hub keeps its examples, as Python literals."""

_LABEL = re.compile(r"\s*[^:：\n]{1,40}[:：]\s*")
_BLANK = re.compile(r"\n\s*\n")
_NAMES = {"q": "question", "a": "answer"}


@dataclass(frozen=True)
class Shots:
    """Examples as they stand before a question: as one text, and as chat messages."""

    text: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def stop(self) -> tuple[str, ...]:
        """What an output ends at: with examples, where the model would go on with a question of its own."""
        return (SEPARATOR,) if self.text else ()


NONE = Shots()


def shots_of(pairs: Iterable[tuple[str, str]], messages: Iterable[dict[str, Any]] = ()) -> Shots:
    """Prompts with their completions as one text. Blank lines inside a completion go, for they end an example."""
    texts = [f"{prompt}{_BLANK.sub(chr(10), completion)}{SEPARATOR}" for prompt, completion in pairs]
    return Shots("".join(texts), list(messages))


def record_shots(records: Sequence[Record]) -> Shots:
    """Records as examples."""
    pairs = [(prompt_of(record), completion_of(record)) for record in records]
    return shots_of(pairs, [message for record in records for message in chat_messages(record)])


def read_exemplars(path: Path, lang: str) -> list[Record]:
    """The examples of a file with the columns question and answer. DataError where it has none."""
    rows = [row.data for row in read_rows(path) if row.data is not None]
    return exemplar_records(rows, lang, path.name)


def exemplar_records(rows: Sequence[Mapping[str, Any]], lang: str, name: str) -> list[Record]:
    """Rows of questions and worked answers as records.

    MGSM's begin with a label ("Swali:", "Jibu la Hatua kwa Hatua:"): one that every row has is taken off, for
    prompts have their own form.
    """
    columns = {column: [row.get(column) for row in rows] for column in ("question", "answer")}
    if not rows or any(not isinstance(text, str) or not text.strip() for texts in columns.values() for text in texts):
        raise DataError(f"{name}: an example needs a question and a worked answer")
    questions, answers = (_without_label([str(text) for text in texts]) for texts in columns.values())
    source = Source(name, "", "exemplars", 0, "unknown")
    return [
        Record(f"shot-{index}", f"shot-{index}", "math", lang, (Message("user", question),), answer, Gold(), source)
        for index, (question, answer) in enumerate(zip(questions, answers, strict=True))
    ]


def read_literals(path: Path) -> dict[str, list[dict[str, str]]]:
    """The examples of MGSM's ``exemplars.py``, by its language codes. The file is parsed, never run.

    DataError where it holds no table of literals.
    """
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
        table = next(
            ast.literal_eval(_strings_only(node.value))
            for node in module.body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "MGSM_EXEMPLARS"
        )
        return {
            lang: [{_NAMES[key]: entry[key] for key in _NAMES} for entry in entries.values()]
            for lang, entries in table.items()
        }
    except (SyntaxError, ValueError, StopIteration, KeyError, AttributeError, UnicodeDecodeError):
        raise DataError(f"{path.name} holds no table of examples that can be read without running it") from None


def _strings_only(node: ast.expr) -> ast.expr:
    """The table without what is no literal: its numbers are names of other tables in some releases."""

    class Replace(ast.NodeTransformer):
        def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
            return ast.Constant(None)

        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Constant(None)

    replaced: ast.expr = Replace().visit(node)
    return replaced


def _without_label(texts: list[str]) -> list[str]:
    found = [_LABEL.match(text) for text in texts]
    labels = {match[0].strip() for match in found if match}
    if len(labels) != 1 or not all(found):
        return texts
    return [text[match.end() :] for text, match in zip(texts, found, strict=True) if match]
