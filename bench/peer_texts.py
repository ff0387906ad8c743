"""The rows that all sides of the peers' comparison translate, as files for mlt and as texts for the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .common import write_jsonl
from .nllb_shape import ANNOTATION

_BOUNDARY = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a data set: ``source`` holds them as JSON Lines, ``texts`` what is to be translated of each."""

    source: Path
    texts: list[list[str]]

    @property
    def rows(self) -> int:
        """How many rows they are."""
        return len(self.texts)


def sample(rows: Sequence[dict[str, Any]], size: int, path: Path, *, as_they_stand: bool = False) -> Sample:
    """``size`` of ``rows`` at even distances, so that a small sample is of the same lengths as a large one.

    ``as_they_stand``: annotations are left in the texts.
    """
    size = min(size, len(rows))
    chosen = [rows[index * len(rows) // size] for index in range(size)]
    source = write_jsonl(path, chosen)
    return Sample(source, texts_of(source, as_they_stand=as_they_stand))


def texts_of(source: Path, *, as_they_stand: bool = False) -> list[list[str]]:
    """The texts of each row that the pipeline has translated, whole; calculator annotations are no text, unless they
    are to stay."""
    from mlt.toolkit.records import Record
    from mlt.toolkit.sources import open_source
    from mlt.toolkit.tasks import get_task
    from mlt.toolkit.tasks.base import Policies
    from mlt.translate.english import english_record

    policies, found = Policies(), []
    for row in open_source(str(source)).rows():
        record = english_record(row)
        assert isinstance(record, Record), record
        task = get_task(record.task)
        values = {value: value for value in task.values(record, policies)}
        texts = (text.text for text in task.texts(record, policies, values))
        if not as_they_stand:
            texts = (ANNOTATION.sub("", text) for text in texts)
        found.append([text for text in texts if text.strip()])
    return found


def flat(texts: Iterable[Iterable[str]]) -> list[str]:
    """The texts of all rows."""
    return [text for row in texts for text in row]


def sentences(text: str) -> list[str]:
    """A text's sentences as a plain script finds them: behind a full stop, and at the ends of lines."""
    return [part for part in _BOUNDARY.split(text.strip()) if part.strip()]


def unique_sentences(texts: Iterable[Iterable[str]]) -> list[str]:
    """The sentences of all rows, each once."""
    return list(dict.fromkeys(sentence for text in flat(texts) for sentence in sentences(text)))
