"""Three items that stand for a run: chosen by hash, so that nobody picked them, and the same in every language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from heapq import nsmallest
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from .columns import kept_files, parquet, pieces
from .evidence import Example, Slot

if TYPE_CHECKING:
    from .bundle import Bundle

EXAMPLES = 3
_CANDIDATES = 300
_ROLES = ("user", "assistant")


def choose_examples(bundle: Bundle) -> tuple[Example, ...]:
    """The examples: of the items that most languages keep, those of the lowest hash, the tasks in turn.

    Only so many items of the lowest hashes are looked for in the other languages, so memory stays flat.
    """
    if not bundle.languages:
        return ()
    candidates = _candidates(bundle)
    kept = Counter(id for lang in bundle.languages for id in _kept_of(bundle, lang, candidates))
    by_task = defaultdict(list)
    for id in sorted(kept, key=lambda id: (-kept[id], _rank(id))):
        by_task[candidates[id]].append(id)
    turns = zip_longest(*(by_task[task] for task in sorted(by_task)))
    chosen = [id for turn in turns for id in turn if id is not None][:EXAMPLES]
    texts = {lang: _texts(bundle, lang, chosen) for lang in bundle.languages}
    return tuple(
        Example(id, candidates[id], {lang: found[id] for lang, found in texts.items() if id in found}) for id in chosen
    )


def _candidates(bundle: Bundle) -> dict[str, str]:
    """The items of the lowest hashes in the first language, which is English as a rule: id -> task."""
    first = bundle.languages[0]
    found: dict[str, str] = {}
    for task in (config.task for config in bundle.configs if config.lang == first):
        ids = (id for table in pieces(kept_files(bundle, first, task), ["id"]) for id in table.column("id").to_pylist())
        found |= {id: task for id in nsmallest(_CANDIDATES, ids, key=_rank) if task is not None}
    return found


def _kept_of(bundle: Bundle, lang: str, wanted: Mapping[str, str]) -> list[str]:
    """Which of the wanted ids a language keeps."""
    import pyarrow as pa
    import pyarrow.compute as pc

    names = pa.array(list(wanted), pa.string())
    found: list[str] = []
    for table in pieces(kept_files(bundle, lang), ["id"]):
        ids = table.column("id")
        found += ids.filter(pc.is_in(ids, value_set=names)).to_pylist()
    return found


def _texts(bundle: Bundle, lang: str, ids: Sequence[str]) -> dict[str, tuple[Slot, ...]]:
    """The texts of some items; only the row groups that hold them are read."""
    found: dict[str, tuple[Slot, ...]] = {}
    for path in kept_files(bundle, lang):
        with parquet(path) as file:
            for group in range(file.num_row_groups):
                here = file.read_row_group(group, ["id"]).column("id").to_pylist()
                if places := [place for place, id in enumerate(here) if id in ids]:
                    rows = file.read_row_group(group, ["id", "messages", "target"]).take(places).to_pylist()
                    found |= {row["id"]: tuple(_slots(row)) for row in rows}
    return found


def _slots(row: Mapping[str, Any]) -> Iterator[Slot]:
    """What was said, then the target. System texts and tool results say nothing about a translation."""
    for message in row["messages"]:
        if message["role"] in _ROLES and message["content"]:
            yield Slot(message["role"], message["content"])
    if row["target"]:
        yield Slot("target", row["target"])


def _rank(id: str) -> bytes:
    return blake2b(id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
