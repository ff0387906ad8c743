"""What people have changed in a run: texts replaced, rows marked good or bad. It lives in the run as ``edits.jsonl``.

Edits outlive the rows that they were made on: whoever writes a shard of the run (:meth:`RunStore.write_tables`) puts
them on the new rows, so that a run that is made again keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import layout
from .errors import DataError
from .files import write_atomic
from .json_rows import read_jsonl
from .records import dump_json

if TYPE_CHECKING:
    import pyarrow as pa

Verdict = Literal["good", "bad"]
MARKED_BAD = "marked-bad"
"""The reason of rows that a person has set aside."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What one person made of one row. ``texts`` and ``before``: slot -> text, as :func:`slots_of` names them.

    ``mlt patch`` adds what it has found: ``judged``, a hash of all the row's texts as the person left them, without
    which a verdict counts for any text; ``was``, the reason for which the row stood aside.
    """

    id: str
    lang: str
    verdict: Verdict | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    when: str = ""
    note: str = ""
    judged: str | None = None
    was: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The edit as JSON values, as a line of ``edits.jsonl`` holds it."""
        return {**asdict(self), "texts": dict(self.texts), "before": dict(self.before)}

    def after(self, earlier: Edit | None) -> Edit:
        """Both edits as one: this one wins, slot by slot; ``before`` and ``was`` tell of the untouched row."""
        if earlier is None:
            return self
        texts, before = {**earlier.texts, **self.texts}, {**self.before, **earlier.before}
        return replace(self, texts=texts, before=before, was=earlier.was or self.was)

    def provenance(self) -> str:
        """What the record's ``edit`` column says: JSON text."""
        entry = {name: getattr(self, name) for name in ("who", "when", "verdict", "note", "was")}
        return dump_json({**entry, "before": dict(sorted(self.before.items()))})


def read_edits(path: Path) -> list[Edit]:
    """The edits of a file, one JSON object a line, in order.

    Raises DataError for a line that is none, with its number; nothing is returned then.
    """
    try:
        rows = list(read_jsonl(path, 0))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; name the file that the review page saved") from None
    edits = []
    for row in rows:
        problem = str(row.error) if row.data is None else _problem(row.data)
        if problem is not None or row.data is None:
            raise DataError(f"{path}:{row.number}: no edit ({problem}); nothing was applied, mend the line")
        known = {name: row.data[name] for name in Edit.__slots__ if row.data.get(name) is not None}
        edits.append(Edit(**known))
    return edits


def run_edits(folder: Path) -> dict[str, dict[str, Edit]]:
    """A run's edits by language and id; several of one row as one."""
    found: dict[str, dict[str, Edit]] = {}
    if (folder / layout.EDITS).is_file():
        for edit in read_edits(folder / layout.EDITS):
            rows = found.setdefault(edit.lang, {})
            rows[edit.id] = edit.after(rows.get(edit.id))
    return found


def append_edits(folder: Path, edits: Iterable[Edit]) -> None:
    """Puts edits behind those that the run holds: all of them or none."""
    path = folder / layout.EDITS
    old = path.read_bytes() if path.is_file() else b""
    new = "".join(f"{dump_json(edit.to_json())}\n" for edit in edits)
    write_atomic(path, old + new.encode())


def slots_of(row: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a row (:func:`record_schema`) that a person may change, by slot.

    ``messages.0`` and so on but for the results of tools, ``target`` where it is an answer and no calls; ``text`` is
    all there is in rows of task "text".
    """
    messages = row["messages"] or []
    if row["task"] == "text":
        return {"text": messages[0]["content"]}
    slots = {f"messages.{n}": message["content"] for n, message in enumerate(messages) if message["role"] != "tool"}
    return slots if row["gold"]["calls"] else {**slots, "target": row["target"]}


def edited_row(row: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    """A row with the edit's texts and provenance. Slots that the row has not are left out.

    Units whose translation stands in none of the new texts go: they are no part of the row any more.
    """
    slots = {**slots_of(row), **edit.texts}
    messages = [
        {**message, "content": slots.get("text" if row["task"] == "text" else f"messages.{n}", message["content"])}
        if message["role"] != "tool"
        else message
        for n, message in enumerate(row["messages"])
    ]
    answers = row["task"] != "text" and not row["gold"]["calls"]
    new = {**row, "messages": messages, "target": slots["target"] if answers else row["target"]}
    if edit.texts and row["units"]:
        texts = [message["content"] for message in messages] + [new["target"]]
        new["units"] = [unit for unit in row["units"] if any(unit["target"] in text for text in texts)]
    return {**new, "edit": edit.provenance()}


def texts_hash(row: Mapping[str, Any]) -> str:
    """What ``judged`` holds: a hash of a row's texts."""
    return blake2b(dump_json(slots_of(row)).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def place_of(row: Mapping[str, Any], edit: Edit, aside: bool) -> bool:
    """Whether a row (with the edit's texts) is to stand aside, given whether it does.

    "bad" sets it aside; "good", or a corrected text, brings it back. A verdict on other texts than these says nothing.
    """
    if edit.judged not in (None, texts_hash(row)):
        return aside
    if edit.verdict == "bad":
        return True
    return aside and not (edit.verdict == "good" or edit.texts)


def apply_edits(
    kept: pa.Table, rejected: pa.Table | None, edits: Iterable[Edit], order: Iterable[str] = ()
) -> tuple[pa.Table, pa.Table | None]:
    """A shard with edits on its rows; applied again, they change nothing. Edits of other rows are passed over.

    ``order`` are the shard's English ids: rows that move take their place in it (without it, they come last). An id
    that stands in both tables means the kept row. No row is lost, none is made.
    """
    from .edit_tables import Rows

    by_id = {edit.id: edit for edit in edits}
    stay, aside = Rows.of(kept, by_id), Rows.of(rejected, by_id.keys() - Rows.of(kept, by_id).found.keys())
    if not stay.found and not aside.found:
        return kept, rejected
    for id, row in stay.found.items():
        new = edited_row(row, by_id[id])
        if place_of(new, by_id[id], aside=False):
            stay.drop(id)
            aside.add({**new, "reason": MARKED_BAD, "detail": by_id[id].note, "score": None, "raw": None})
        else:
            stay.replace(new)
    for id, row in aside.found.items():
        new = edited_row(row, by_id[id])
        if place_of(new, by_id[id], aside=True):
            aside.replace(new)
        else:
            aside.drop(id)
            stay.add(new)
    places = {id: place for place, id in enumerate(order)}
    return stay.table(places, rejected=False), aside.table(places, rejected=True)


def _problem(data: Mapping[str, Any]) -> str | None:
    """Why a JSON object is no edit, or None."""
    for name in ("id", "lang"):
        if not isinstance(data.get(name), str) or not data[name]:
            return f"{name} is {data.get(name)!r}, not a text"
    if data.get("verdict") not in ("good", "bad", None):
        return f"verdict is {data['verdict']!r}, not good, bad or null"
    for name in ("texts", "before"):
        value = data.get(name)
        if value is not None and not (
            isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        ):
            return f"{name} must be an object of slot: text"
    for name in ("who", "when", "note", "judged", "was"):
        if not isinstance(data.get(name), str | None):
            return f"{name} is {data[name]!r}, not a text"
    return None
