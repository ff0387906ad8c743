"""What is taken of which queue: the budget, split by language and task, and what is missing for it.

A queue holds items in the order in which they are taken. In parallel mode the languages share one of a task, so that
unequal amounts are beginnings of the same ranking; else each language has its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..toolkit.errors import DataError
from .catalogue import FREE, Catalogue
from .deal import deal, queue_name
from .quotas import language_shares, largest_remainder, quotas
from .request import Request
from .token_budget import TokenBudget

_ROUNDS = 5  # in which items are dealt out by tokens: their lengths differ, so that a first deal may miss narrowly


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a language (or several together) lacks. ``own``: what it has, whether or not others have it too."""

    lang: str
    task: str
    asked: int
    available: int
    unit: str
    own: int | None = None
    split: str = "train"

    def __str__(self) -> str:
        own = "" if self.own in (None, self.available) else f" ({self.own:,} of its own)"
        what = f"{self.lang} {self.task}" if self.split == "train" else f"{self.lang} {self.task} {self.split}"
        missing = self.asked - self.available
        return f"{what}: {self.asked:,} asked, {self.available:,} there{own}, {missing:,} missing"


@dataclass(frozen=True, slots=True)
class Take:
    """``amount`` rows or tokens of a queue, for languages together."""

    languages: tuple[str, ...]
    task: str
    queue: str
    amount: int


def shortage_error(shortages: Sequence[Shortage], mode: str) -> DataError:
    """The one line that lists them."""
    unit = shortages[0].unit
    where = " that every language has" if mode == "parallel" else ""
    listed = "; ".join(map(str, shortages))
    return DataError(f"not enough {unit}{where}: {listed}; ask for less, leave languages out, or mix more runs")


def take_train(
    catalogue: Catalogue, request: Request, languages: Sequence[str], tasks: Mapping[str, float], counter: TokenBudget
) -> list[Shortage]:
    """Chooses the training rows of ``languages``. ``tasks``: shares. Where much is missing, less is chosen."""
    catalogue.execute("DELETE FROM queue")
    catalogue.execute("DELETE FROM chosen WHERE split = 'train'")
    shortages = []
    for take in _takes(catalogue, request, languages, tasks, counter):
        length = catalogue.number("SELECT count(*) FROM queue WHERE name = ?", (take.queue,))
        if request.budget.unit == "tokens":
            amount, there = counter.longest_prefix(take.queue, take.languages, take.amount)
        else:
            amount, there = take.amount, length
        if there < take.amount:
            shortages += [_shortage(catalogue, request, take, there)]
        for lang in take.languages:
            catalogue.execute(
                "INSERT INTO chosen SELECT 'train', ?, item FROM queue WHERE name = ? AND ordinal < ?",
                (lang, take.queue, amount),
            )
    return shortages


def _takes(
    catalogue: Catalogue, request: Request, languages: Sequence[str], tasks: Mapping[str, float], counter: TokenBudget
) -> list[Take]:
    in_tokens = request.budget.unit == "tokens"
    if request.mode == "parallel":
        for task in tasks:
            _queue_parallel(catalogue, task)
        if in_tokens and request.even:
            amounts = largest_remainder(request.budget.volume, tasks)
            return [Take(tuple(languages), task, task, amount) for task, amount in amounts.items()]
    there = {} if request.temperature is None else {lang: catalogue.available(lang, tasks) for lang in languages}
    needs = quotas(request, language_shares(request, languages, there), tasks)
    if request.mode == "union":
        for lang, task in needs:
            _queue_own(catalogue, lang, task)
    if request.mode == "disjoint":
        for task in tasks:
            mine = {lang: needs[lang, task] for lang in languages}
            if in_tokens:
                _deal_tokens(catalogue, task, mine, counter)
            else:
                deal(catalogue, task, mine, spread=False)
    return [
        Take((lang,), task, task if request.mode == "parallel" else queue_name(lang, task), amount)
        for (lang, task), amount in needs.items()
        if amount
    ]


def _deal_tokens(catalogue: Catalogue, task: str, budgets: Mapping[str, int], counter: TokenBudget) -> None:
    """Deals items out by the tokens that each language is to get; who runs short is dealt more the next time."""
    rows = counter.rows_for(task, budgets)
    for _ in range(_ROUNDS):
        catalogue.execute_all("DELETE FROM queue WHERE name = ?", ((queue_name(lang, task),) for lang in budgets))
        deal(catalogue, task, rows, spread=True)
        there = {lang: counter.longest_prefix(queue_name(lang, task), [lang], budgets[lang])[1] for lang in budgets}
        if there == budgets:
            return
        rows = {lang: -(-rows[lang] * budgets[lang] // max(1, there[lang])) for lang in budgets}


def _queue_parallel(catalogue: Catalogue, task: str) -> None:
    catalogue.execute(
        "INSERT INTO queue SELECT task, row_number() OVER (ORDER BY rank, id) - 1, key FROM item "
        f"WHERE task = ? AND state = {FREE} AND parallel",
        (task,),
    )


def _queue_own(catalogue: Catalogue, lang: str, task: str) -> None:
    catalogue.execute(
        "INSERT INTO queue SELECT ?, row_number() OVER (ORDER BY rank, id) - 1, key FROM item "
        f"JOIN place ON item = key AND lang = ? WHERE task = ? AND state = {FREE}",
        (queue_name(lang, task), lang, task),
    )


def _shortage(catalogue: Catalogue, request: Request, take: Take, there: int) -> Shortage:
    own = None
    if request.budget.unit == "rows":
        own = sum(catalogue.available(lang, [take.task]) for lang in take.languages)
    return Shortage(", ".join(take.languages), take.task, take.amount, there, request.budget.unit, own)
