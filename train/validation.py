"""The validation split: whole groups, so that no problem and no dialogue stands on both sides in any language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .catalogue import FREE, HELD_OUT, Catalogue, marks
from .quotas import largest_remainder
from .request import Request
from .take import Shortage

_PARALLEL = "parallel"
_OWN = "EXISTS (SELECT 1 FROM place WHERE item = key AND lang = ?)"


def hold_out(
    catalogue: Catalogue, request: Request, languages: Sequence[str], tasks: Mapping[str, float]
) -> list[Shortage]:
    """Chooses the validation rows of ``languages`` and takes their groups away from training.

    ``tasks``: shares of ``request.validation`` items a language. The items are the same in every language; where
    fewer are there in all of them, and the mode asks for none of that, each language takes its own, by one ranking
    of the groups.
    """
    shortages = []
    for task, amount in largest_remainder(request.validation, tasks).items():
        there = catalogue.number(f"SELECT count(*) FROM item WHERE task = ? AND state = {FREE} AND parallel", (task,))
        if request.mode == "parallel" or there >= amount:
            _hold(catalogue, task, amount, languages, _PARALLEL, ())
            shortages += _missing(languages, task, amount, there)
            continue
        for lang in languages:
            _hold(catalogue, task, amount, [lang], _OWN, (lang,))
            shortages += _missing([lang], task, amount, catalogue.available(lang, [task]))
    catalogue.execute(
        f"UPDATE item SET state = {HELD_OUT} WHERE state = {FREE} AND grp IN "
        "(SELECT grp FROM item JOIN chosen ON item = key WHERE split = 'validation')"
    )
    return shortages


def left_out(catalogue: Catalogue, request: Request, languages: Sequence[str]) -> int:
    """How many items are in neither split because a part of their group is in validation."""
    usable = _PARALLEL
    if request.mode != "parallel":
        usable = f"EXISTS (SELECT 1 FROM place WHERE item = key AND lang IN ({marks(languages)}))"
    return catalogue.number(
        f"SELECT count(*) FROM item WHERE state = {HELD_OUT} AND {usable} "
        "AND key NOT IN (SELECT item FROM chosen WHERE split = 'validation')",
        () if request.mode == "parallel" else languages,
    )


def _hold(
    catalogue: Catalogue, task: str, amount: int, languages: Sequence[str], usable: str, values: Sequence[str]
) -> None:
    condition = f"task = ? AND state = {FREE} AND {usable}"
    for group, count in list(_groups(catalogue, condition, [task, *values], amount)):
        # Named, for SQLite would otherwise go through all items of the task.
        keys = catalogue.execute(
            f"SELECT key FROM item INDEXED BY by_group WHERE grp = ? AND {condition} ORDER BY rank, id LIMIT ?",
            [group, task, *values, count],
        ).fetchall()
        chosen = [(lang, key) for lang in languages for (key,) in keys]
        catalogue.execute_all("INSERT INTO chosen VALUES ('validation', ?, ?)", chosen)


def _groups(catalogue: Catalogue, condition: str, values: Sequence[str], amount: int) -> Iterator[tuple[str, int]]:
    """Groups by their own ranking, and how many items of each are taken: all, but for one group at most."""
    cut = None
    rows = catalogue.execute(
        f"SELECT grp, count(*) FROM item WHERE {condition} GROUP BY grp ORDER BY group_rank(grp), grp", values
    )
    for group, size in rows:
        if not amount:
            return
        if size <= amount:
            amount -= size
            yield group, size
        else:
            cut = cut or group
    if amount and cut is not None:
        yield cut, amount


def _missing(languages: Sequence[str], task: str, asked: int, there: int) -> list[Shortage]:
    if there >= asked:
        return []
    return [Shortage(lang, task, asked, there, "rows", split="validation") for lang in languages]
