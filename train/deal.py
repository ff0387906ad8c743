"""Queues for the disjoint mode: items dealt out so that each goes to one language only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .catalogue import FREE, Catalogue, marks
from .flow import Pattern, assign

_FINE = 64  # the number of items looked at is found to 1/64


def queue_name(lang: str, task: str) -> str:
    """The name of a language's own queue."""
    return f"{task} {lang}"


def deal(catalogue: Catalogue, task: str, needs: Mapping[str, int], *, spread: bool) -> None:
    """Fills a queue for each language of ``needs`` with as many items of a task as it needs, where that is possible.

    Only the best-ranked items are looked at: as few as the needs can be met with. ``spread``: all that there is is
    dealt out instead, in the proportion of the needs.
    """
    languages = list(needs)
    _rank(catalogue, task, languages)
    patterns = _patterns(catalogue)
    whole = sum(patterns.values())
    if spread:
        found = _proportional(patterns, needs, whole)
    else:
        found = assign(patterns, needs)
        if _total(found) == sum(needs.values()):
            whole, found = _shortest(catalogue, needs, whole, found)
    rows = ((queue_name(lang, task), place, item) for lang, place, item in _dealt(catalogue, whole, found))
    catalogue.execute_all("INSERT INTO queue VALUES (?, ?, ?)", rows)


def _rank(catalogue: Catalogue, task: str, languages: Sequence[str]) -> None:
    """Puts the items into ``ranked``, with the languages that they are there in."""
    catalogue.execute("DROP TABLE IF EXISTS ranked")
    catalogue.execute("CREATE TABLE ranked (ordinal INTEGER PRIMARY KEY, item INTEGER NOT NULL, pattern TEXT NOT NULL)")
    catalogue.execute(
        "INSERT INTO ranked SELECT row_number() OVER (ORDER BY rank, id) - 1, key, pattern FROM (SELECT rank, id, key, "
        "(SELECT group_concat(lang) FROM (SELECT lang FROM place WHERE item = key "
        f"AND lang IN ({marks(languages)}) ORDER BY lang)) AS pattern "
        f"FROM item WHERE task = ? AND state = {FREE}) WHERE pattern IS NOT NULL",
        [*languages, task],
    )


def _patterns(catalogue: Catalogue, first: int | None = None) -> dict[Pattern, int]:
    """How many of the ``first`` items there are of each pattern."""
    limit = "" if first is None else f"WHERE ordinal < {first:d}"
    rows = catalogue.execute(f"SELECT pattern, count(*) FROM ranked {limit} GROUP BY pattern ORDER BY pattern")
    return {tuple(pattern.split(",")): count for pattern, count in rows}


def _shortest(
    catalogue: Catalogue, needs: Mapping[str, int], whole: int, found: dict[Pattern, dict[str, int]]
) -> tuple[int, dict[Pattern, dict[str, int]]]:
    """The beginning of the ranking that meets the needs, and how; the whole of it does."""
    total = sum(needs.values())
    low, high, trial = total - 1, whole, total
    while low < trial < high:
        tried = assign(_patterns(catalogue, trial), needs)
        if _total(tried) == total:
            high, found = trial, tried
        else:
            low = trial
        trial = (low + high) // 2 if high - low > high // _FINE else low
    return high, found


def _proportional(
    patterns: Mapping[Pattern, int], needs: Mapping[str, int], whole: int
) -> dict[Pattern, dict[str, int]]:
    """As much as can be dealt out in the proportion of the needs, found to a thousandth."""
    low, high, most = 0, 1000, sum(needs.values())

    def scaled(part: int) -> dict[str, int]:
        return {lang: need * whole * part // (1000 * most) for lang, need in needs.items()}

    found = assign(patterns, scaled(high))
    if _total(found) == sum(scaled(high).values()):
        return found
    while high - low > 1:
        part = (low + high) // 2
        tried = assign(patterns, scaled(part))
        if _total(tried) == sum(scaled(part).values()):
            low = part
        else:
            high = part
    return assign(patterns, scaled(low))


def _dealt(
    catalogue: Catalogue, first: int, found: Mapping[Pattern, Mapping[str, int]]
) -> Iterator[tuple[str, int, int]]:
    """Language, place in its queue and item: the languages of a pattern in turns, as often as each is to get one."""
    left = {pattern: dict(amounts) for pattern, amounts in found.items()}
    length: Counter[str] = Counter()
    rows = catalogue.execute(f"SELECT item, pattern FROM ranked WHERE ordinal < {first:d} ORDER BY ordinal")
    for item, text in rows:
        pattern = tuple(text.split(","))
        waiting = {lang: amount / found[pattern][lang] for lang, amount in left[pattern].items() if amount}
        if waiting:
            lang = max(waiting, key=lambda name: waiting[name])
            left[pattern][lang] -= 1
            yield lang, length[lang], item
            length[lang] += 1


def _total(found: Mapping[Pattern, Mapping[str, int]]) -> int:
    return sum(sum(amounts.values()) for amounts in found.values())
