"""Numbers that English text says in words, for translations that write them with digits.

A small table of words, months and everyday quantities; it is meant to explain digits, not to parse amounts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby

SCALES = {
    "k": 1_000,
    "m": 1_000_000,
    "bn": 1_000_000_000,
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
    "dozen": 12,
}
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_MONTHS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
)
_CARDINALS = {word: value for value, word in enumerate(_UNITS.split())} | {
    word: value for value, word in zip(range(20, 100, 10), _TENS.split(), strict=True)
}
# What a word may become in digits: half is 0.5, 50 %, or the 1 and 2 of 1/2.
_QUANTITIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("a", "an", "once", "single", "each", "every", "per", "another", "alone"), ("1",)),
    **dict.fromkeys(("twice", "double", "doubled", "doubles", "doubling", "twofold"), ("2",)),
    **dict.fromkeys(("both", "couple", "pair", "twin", "dual", "duo", "either"), ("2",)),
    **dict.fromkeys(("thrice", "triple", "tripled", "triples", "tripling", "threefold", "trio"), ("3",)),
    **dict.fromkeys(("half", "halve", "halves", "halved", "halving"), ("0.5", "50", "1", "2")),
    **dict.fromkeys(("quadruple", "quadrupled", "fourfold", "quartet"), ("4",)),
    "quarter": ("0.25", "25", "1", "4"),
    "third": ("3", "1"),
    "penny": ("1",),
    "nickel": ("5",),
    "dime": ("10",),
    **dict.fromkeys(("decade", "teen", "teenage", "teenager"), ("10",)),
    "fortnight": ("14", "2"),
    "century": ("100",),
    "noon": ("12",),
    "midnight": ("0", "12", "24"),
    "o'clock": ("0",),
}


def _table() -> dict[str, tuple[Decimal, ...]]:
    table: dict[str, set[Decimal]] = {}
    for words in (_CARDINALS, SCALES):
        for word, value in words.items():
            table.setdefault(word, set()).add(Decimal(value))
    for words_in_order in (_ORDINALS, *_MONTHS):
        for value, word in enumerate(words_in_order.split(), start=1):
            table.setdefault(word, set()).add(Decimal(value))
    for word, values in _QUANTITIES.items():
        table.setdefault(word, set()).update(map(Decimal, values))
    return {word: tuple(values) for word, values in table.items()}


_WORDS = _table()
_OUTRIGHT = {word: Decimal(value) for word, value in _CARDINALS.items()} | {
    word: Decimal(value) for value, word in enumerate(_ORDINALS.split(), start=1)
}
_PARTS = {word: value for value, word in enumerate(_ORDINALS.split()[:10], start=1) if value > 2}
# In small letters, or first in a sentence: Four Corners is a name.
_SPOKEN = re.compile(
    rf"((?<![\w-])(?:{'|'.join(_CARDINALS)})|(?:^|(?<=[.!?\"“] ))(?:{'|'.join(map(str.title, _CARDINALS))}))"
    r"(?:-([a-z]+))?(?![\w-])"
)
_MONTH_NUMBERS = {word: value for value, word in enumerate(_MONTHS[0].split(), start=1)}
_MONTH = re.compile(
    rf"(?<!\w)({'|'.join(word.title() for word in _MONTH_NUMBERS if word not in ('march', 'may'))}"
    r"|(?:(?<=[Ii]n )|(?<=of )|(?<=[Oo]n )|(?<=last )|(?<=since )|(?<=\d ))(?:March|May)|(?:March|May)(?= \d))(?!\w)"
)
_TOKEN = re.compile(r"o'clock|[a-z]+|[^a-z\s-]")


def word_values(text: str) -> Counter[Decimal]:
    """How often each number may stand in digits because a word of the English text says it.

    Every word counts once for each value it can mean; a run of number words ("two hundred and fifty") counts for its
    sum as well.
    """
    tokens = [_singular(token) for token in _TOKEN.findall(text.lower().replace("’", "'"))]
    values = Counter(value for token in tokens for value in _WORDS.get(token, ()))
    values.update(_amounts(tokens))
    return values


def cardinals(text: str) -> Counter[Decimal]:
    """How often a text says a number outright ("one", "third", "twenty-five"), which its translation will say too."""
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))
    values: Counter[Decimal] = Counter(_OUTRIGHT[token] for token in tokens if token in _OUTRIGHT)
    values.update(_amounts(tokens))
    return values


def outspoken(text: str) -> list[Decimal]:
    """The amounts of two and more that a text says in small letters ("six", "twenty-five", both of "two-thirds")."""
    amounts: list[int] = []
    for match in _SPOKEN.finditer(text):
        amounts.append(_amount([match[1].lower()] + [match[2]] * (match[2] in _CARDINALS)))
        amounts.append(_PARTS.get((match[2] or "").rstrip("s"), 0))
    return [Decimal(amount) for amount in amounts if amount > 1]


def months(text: str) -> list[Decimal]:
    """The months that a text names; May only where it is no name."""
    return [Decimal(_MONTH_NUMBERS[match[1].lower()]) for match in _MONTH.finditer(text)]


def _singular(token: str) -> str:
    return token[:-1] if token.endswith("s") and token not in _WORDS and token[:-1] in _WORDS else token


def _amounts(tokens: list[str]) -> Iterator[Decimal]:
    """The values of runs of at least two cardinal words."""
    words = [t for i, t in enumerate(tokens) if not (t == "and" and i and _is_cardinal(tokens[i - 1]))]
    for cardinal, group in groupby(words, key=_is_cardinal):
        run = list(group)
        if cardinal and len(run) > 1:
            yield Decimal(_amount(run))


def _is_cardinal(token: str) -> bool:
    return token in _CARDINALS or token in SCALES


def _amount(run: list[str]) -> int:
    total = current = 0
    for word in run:
        if word not in SCALES:
            current += _CARDINALS[word]
        elif SCALES[word] < 1_000:
            current = max(current, 1) * SCALES[word]
        else:
            total += max(current, 1) * SCALES[word]
            current = 0
    return total + current
