"""Small runs to mix: which items each language has, of which task and group, spread over shards in any order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mlt.toolkit.mixtures import open_mixture
from mlt.toolkit.records import Call, Gold, Message, Record, Source, Translation
from mlt.toolkit.store import RunStore

SOURCE = Source("made-up", "1", "train", 1, "cc0-1.0")
MODEL = Translation("tiny", "1", "mlt:0", "keep", "keep")


class Item(NamedTuple):
    """An English item; ``group`` is its own where none is given, ``length`` adds words to its question."""

    id: str
    task: str = "math"
    group: str = ""
    length: int = 0


def items(count: int, task: str = "math", *, group_of: int = 1) -> list[Item]:
    """Items ``math-0`` and so on, ``group_of`` of them in a group."""
    return [Item(f"{task}-{n}", task, f"{task}-group-{n // group_of}", n % 7) for n in range(count)]


def record(item: Item, lang: str) -> Record:
    """The item in a language; its texts name both."""
    question = f"How many are {item.id} in {lang}? " + "And more? " * item.length
    gold = Gold("4") if item.task == "math" else Gold(calls=(Call("Count", {"thing": item.id}),))
    target = "There are <<2+2=4>>4. #### 4" if item.task == "math" else f"[Count(thing='{item.id}')]"
    tools = None if item.task == "math" else json.dumps([{"name": "Count", "description": "", "parameters": {}}])
    return Record(
        item.id,
        item.group or item.id,
        item.task,
        lang,
        (Message("user", question),),
        target,
        gold,
        SOURCE,
        tools=tools,
        translation=None if lang == "en" else MODEL,
    )


def write_run(
    folder: Path,
    languages: Mapping[str, Sequence[Item]],
    *,
    shard_size: int = 7,
    backwards: bool = False,
    filtered: bool = True,
    name: str = "made-up",
) -> Path:
    """Writes a run. ``backwards``: the same rows in the opposite order of shards."""
    with RunStore.open(folder, {"stage": "filter", "input": {"source": {"dataset": name, "revision": "1"}}}) as store:
        for lang, rows in languages.items():
            shards = [rows[start : start + shard_size] for start in range(0, len(rows), shard_size)]
            for index, shard in enumerate(reversed(shards) if backwards else shards):
                records = [record(item, lang) for item in shard]
                store.write_shard(lang, index, records, [], {"in": len(records)})
        more: dict[str, Any] = {"filter": {"languages": {}}} if filtered else {}
        store.save_manifest(complete=True, licenses={"source": "cc0-1.0", "model": None}, model_notice=None, **more)
    return folder


def rows_of(mixture: Path, split: str = "train") -> list[dict[str, Any]]:
    """A split's rows, in the order of its files."""
    return [row for table in open_mixture(mixture).tables(split) for row in table.to_pylist()]


def ids_of(mixture: Path, split: str = "train") -> dict[str, set[str]]:
    """The ids of each language in a split; an id twice in a language is an error."""
    found: dict[str, set[str]] = {}
    for row in rows_of(mixture, split):
        mine = found.setdefault(row["lang"], set())
        assert row["id"] not in mine
        mine.add(row["id"])
    return found


def groups_of(mixture: Path, split: str) -> set[str]:
    """The groups that a split holds."""
    return {row["group"] for row in rows_of(mixture, split)}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but locks, by its path in it."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def write_tokenizer(path: Path) -> Path:
    """A tokenizer.json that splits at spaces: a token a word."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(path))
    return path
