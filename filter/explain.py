"""``mlt filter --explain ID``: what became of one item in every language, and what every check says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from ..toolkit import layout
from ..toolkit.errors import DataError
from ..toolkit.tables import print_table
from .columns import ID
from .lookup import policy_of, read_columns, read_english
from .pages import number
from .policy import load_policy
from .report_data import read_rows
from .sampling import Place

if TYPE_CHECKING:
    from ..toolkit.run import Run

ABSENT = "absent"
_NAMED = 5
_NEAR = 1000
# Controls, and marks that turn the direction of what follows: they would act on the terminal.
_UNPRINTABLE = regex.compile(r"[[\p{Cc}\p{Cf}]--[\n\t\u200c\u200d]]", regex.VERSION1)


def explain(run: Run, item_id: str) -> list[dict[str, Any]]:
    """An entry a language: ``lang``, ``id``, ``state``, ``detail``, ``scores``, ``uncovered`` and ``texts``.

    ``state`` is ``kept``, the reason for which the row stands aside, or ``absent`` (nothing else is filled then).
    ``scores`` are as :func:`report_data.judgements` gives them; ``uncovered`` maps a check to why it has no score.
    ``item_id`` may be the beginning of an id, where it is the beginning of one alone. Raises DataError, with ids that
    are near, where it is none, and for a run that was not filtered.
    """
    policy = load_policy(policy_of(run))
    langs = [lang for lang in run.languages if lang != "en"]
    item = _item(run, item_id)
    source = _places(run, "en", item)
    english = read_english(run, source)
    entries = []
    for lang in langs:
        rows = read_rows(run, policy, lang, _places(run, lang, item, source), english)
        judged = run.manifest["filter"]["languages"].get(lang, {})
        absent = {"id": item, "lang": lang, "state": ABSENT, "detail": "", "english": item in english}
        entry = rows[0] if rows else {**absent, "texts": [], "scores": []}
        entries.append({**entry, "uncovered": dict(judged.get("uncovered", {})) if rows else {}})
    return entries


def show_explanation(entries: Sequence[Mapping[str, Any]]) -> None:
    """Prints what :func:`explain` has found: the decisions, then per language the texts and the scores."""
    if not entries:
        print("no language was filtered")
        return
    rows = [(entry["lang"], entry["state"], _safe(entry["detail"])) for entry in entries]
    print(f"item {_safe(entries[0]['id'])}\n")
    print_table(["language", "state", "detail"], rows)
    for entry in entries:
        if entry["state"] != ABSENT:
            print(f"\n{entry['lang']}: {entry['state']}\n")
            print_table(["text", "English", entry["lang"]], _texts(entry))
            print()
            print_table(
                ["check", "score", "min", "max", "outcome", "detail"], _scores(entry), right=["score", "min", "max"]
            )


def _texts(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for text in entry["texts"]:
        yield text["slot"], _safe(text["source"]), _safe(text["target"])


def _scores(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str, str]]:
    for judged in entry["scores"]:
        name, bounds = judged["check"], (number(judged[key]) for key in ("score", "min", "max"))
        why = entry["uncovered"].get(name)
        outcome, detail = ("not covered", why) if why else (judged["outcome"], judged["detail"])
        yield name, *bounds, outcome, _safe(detail)


def _safe(text: str) -> str:
    """A text that does nothing to a terminal."""
    return _UNPRINTABLE.sub(lambda match: f"<U+{ord(match[0]):04X}>", text)


def _item(run: Run, wanted: str) -> str:
    """The id that is meant."""
    found = _beginning_with(run, wanted)
    if wanted in found or len(found) == 1:
        return wanted if wanted in found else found.pop()
    if found and wanted:
        names = ", ".join(sorted(found)[:_NAMED])
        more = ", …" if len(found) > _NAMED else ""
        raise DataError(f"--explain {wanted}: several items begin so ({names}{more}); give more of the id")
    near = _near(run, wanted)
    raise DataError(f"--explain {wanted}: {run.where} holds no such item{f'; near are {near}' if near else ''}")


def _near(run: Run, wanted: str) -> str:
    """English ids that begin as this one does, as far as any does, the most alike first."""
    longest = 0
    found: list[str] = []
    for _, ids in _ids(run, "en"):
        for id in ids.to_pylist():
            pairs = enumerate(zip(wanted, id, strict=False))
            length = next((n for n, (here, there) in pairs if here != there), min(len(wanted), len(id)))
            if length > longest:
                longest, found = length, []
            if length == longest and len(found) < _NEAR:
                found.append(id)
    return ", ".join(get_close_matches(wanted, sorted(found), n=3, cutoff=0.0))


def _beginning_with(run: Run, prefix: str) -> set[str]:
    """Ids of the run that begin so: that very one if there is one, else some of them.

    English comes first, where every item stands; the languages are asked only for what it has not.
    """
    import pyarrow.compute as pc

    found: set[str] = set()
    for lang in run.languages:
        for _, ids in _ids(run, lang):
            if pc.any(pc.equal(ids, prefix)).as_py():
                return {prefix}
            if len(found) < _NEAR:
                found |= set(ids.filter(pc.starts_with(ids, prefix)).slice(0, _NEAR).to_pylist())
        if found:
            break
    return found


def _places(run: Run, lang: str, item: str, likely: Sequence[Place] = ()) -> list[Place]:
    """Where the item stands in a language: one place, or none. It is likely to be the shard of the English."""
    import pyarrow.compute as pc

    for shard, ids in _ids(run, lang, [place.shard for place in likely]):
        if pc.any(pc.equal(ids, item)).as_py():
            return [Place(b"", item, shard)]
    return []


def _ids(run: Run, lang: str, first: Sequence[int] = ()) -> Iterator[tuple[int, Any]]:
    """(shard, ids) of a language's kept rows, then of those set aside, beginning with the shards ``first``."""
    shards = run.shards(lang)
    for shard in sorted(shards, key=lambda shard: (shard not in first, shard)):
        for path in _files(run, lang, shard):
            table = read_columns(path, [ID])
            if table is not None:
                yield shard, table.column(ID).drop_null()


def _files(run: Run, lang: str, shard: int) -> Iterable[Path]:
    return (run.file(name(lang, shard)) for name in (layout.data_file, layout.rejected_file))
