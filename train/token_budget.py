"""How many rows of a queue fit into a number of tokens. Only as much is counted as is needed to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..toolkit.errors import MltError
from ..toolkit.progress import Progress
from ..toolkit.run import Run
from .catalogue import FREE, Catalogue
from .request import Request
from .rows import mixture_row, row_text
from .tokens import TokenCounter
from .wanted import wanted_records

_FIRST = 1000  # rows that the first look is at


class TokenBudget:
    """Counts records of a catalogue and remembers the counts there. ``counter`` may be None where none is asked for."""

    def __init__(
        self,
        catalogue: Catalogue,
        runs: Sequence[Run],
        request: Request,
        counter: TokenCounter | None,
        progress: Progress,
    ) -> None:
        self._catalogue = catalogue
        self._runs = runs
        self._request = request
        self._counter = counter
        self._progress = progress

    def longest_prefix(self, queue: str, languages: Sequence[str], budget: int) -> tuple[int, int]:
        """The number of a queue's first items whose tokens, in all of ``languages``, are within ``budget``.

        With it, the tokens that there are: ``budget`` itself, unless the queue ends before that is reached.
        """
        length = self._catalogue.number("SELECT count(*) FROM queue WHERE name = ?", (queue,))
        first = min(length, _FIRST)
        while True:
            self._count_queue(queue, languages, first)
            fitting, tokens = self._walk(queue, languages, first, budget)
            if fitting < first:
                return fitting, budget
            if first == length:
                return fitting, tokens
            first = min(length, max(2 * first, round(1.05 * first * budget / tokens)))

    def rows_for(self, task: str, budgets: Mapping[str, int]) -> dict[str, int]:
        """About how many rows of a task each language needs for its tokens, by the mean of its best-ranked rows."""
        needs = {}
        for lang, budget in budgets.items():
            sample = (
                f"SELECT key FROM item JOIN place ON item = key AND lang = ? WHERE task = ? AND state = {FREE} "
                f"ORDER BY rank, id LIMIT {_FIRST}"
            )
            self._count(f"SELECT 0, key, ? FROM ({sample})", (lang, lang, task))
            mean = f"SELECT sum(tokens), count(*) FROM place WHERE lang = ? AND item IN ({sample})"
            tokens, rows = self._catalogue.execute(mean, (lang, lang, task)).fetchone()
            needs[lang] = max(1, budget * rows // tokens) if tokens else 1
        return needs

    def _count_queue(self, queue: str, languages: Sequence[str], first: int) -> None:
        for lang in languages:
            self._count("SELECT 0, item, ? FROM queue WHERE name = ? AND ordinal < ?", (lang, queue, first))

    def _count(self, wanted: str, values: Sequence[str | int]) -> None:
        """Counts the records that ``wanted`` (slot, item, language) selects and that were not counted before."""
        if self._counter is None:
            raise MltError("tokens are asked for without a tokenizer")
        self._catalogue.execute("DELETE FROM wanted")
        self._catalogue.execute(f"INSERT INTO wanted {wanted}", values)
        self._catalogue.execute(
            "DELETE FROM wanted WHERE EXISTS (SELECT 1 FROM place WHERE place.item = wanted.item "
            "AND place.lang = wanted.lang AND tokens IS NOT NULL)"
        )
        self._progress.message("counting tokens")
        for pairs in wanted_records(self._catalogue, self._runs):
            rows = (mixture_row(record, self._request.format, self._request.annotations) for _, record in pairs)
            counts = self._counter.count([row_text(row) for row in rows])
            found = [(count, entry.item, record.lang) for count, (entry, record) in zip(counts, pairs, strict=True)]
            self._catalogue.execute_all("UPDATE place SET tokens = ? WHERE item = ? AND lang = ?", found)
        self._progress.message("")

    def _walk(self, queue: str, languages: Sequence[str], first: int, budget: int) -> tuple[int, int]:
        """How many of the first items fit, and their tokens."""
        listed = ", ".join("?" * len(languages))
        rows = self._catalogue.execute(
            "SELECT sum(tokens) FROM queue JOIN place ON place.item = queue.item "
            f"WHERE name = ? AND ordinal < ? AND lang IN ({listed}) GROUP BY ordinal ORDER BY ordinal",
            [queue, first, *languages],
        )
        fitting = tokens = 0
        for (more,) in rows:
            if tokens + more > budget:
                break
            fitting, tokens = fitting + 1, tokens + more
        return fitting, tokens
