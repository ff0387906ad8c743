"""What goes into the slots of a template, and which combinations training never sees.

Words (names, fruits, cities) are a closed set that the model learns; what is held out are their combinations and a
quarter of all numbers, times, dates, ids and titles. The sample and the test are drawn from the held-out part.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = ("es", "fr", "de", "ru", "ja", "zh", "th", "bn", "te", "sw", "yo")
HELD_OUT_SHARE = 4  # one in so many
SMALL = (5, 20)  # numbers after which Russian always asks for the genitive plural
DEGREES = tuple(range(15, 21)) + tuple(range(25, 31))


@cache
def load_yaml(name: str) -> dict[str, Any]:
    """One file of ``templates/`` as a dict."""
    import yaml

    content: dict[str, Any] = yaml.safe_load((TEMPLATES / name).read_text(encoding="utf-8"))
    return content


@cache
def is_held_out(*values: str) -> bool:
    """Whether a value, or a combination of words, is kept out of training. Depends on the text alone."""
    digest = blake2b("|".join(("5", *values)).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % HELD_OUT_SHARE == 0


class Filler:
    """Draws fills from the training part or, with ``held_out``, from the other part. Seeded by ``rng``."""

    def __init__(self, rng: random.Random, *, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out
        self.words = load_yaml("fills.yaml")

    def number(self, low: int, high: int) -> int:
        """A number of ``low`` to ``high``."""
        while True:
            value = self.rng.randint(low, high)
            if not self.excludes(value):
                return value

    def small(self) -> int:
        """A count of 5 to 20."""
        return self.number(*SMALL)

    def degrees(self) -> int:
        """A temperature in degrees."""
        while True:
            value = self.rng.choice(DEGREES)
            if not self.excludes(value):
                return value

    def time(self) -> str:
        """A time of day such as 07:30."""
        return self._drawn(lambda: f"{self.rng.randrange(24):02}:{self.rng.randrange(60):02}")

    def date(self) -> str:
        """A date such as 2024-05-17."""
        draw = self.rng.randint
        return self._drawn(lambda: f"{draw(2023, 2028)}-{draw(1, 12):02}-{draw(1, 28):02}")

    def identifier(self) -> str:
        """The number of a parcel or a booking, such as PK-48213."""
        return self._drawn(lambda: f"{self.rng.choice(self.words['prefixes'])}-{self.rng.randint(10000, 99999)}")

    def title(self) -> str:
        """A short English title such as Call the bank."""
        choose = self.rng.choice
        return self._drawn(lambda: f"{choose(self.words['title_verbs'])} {choose(self.words['title_nouns'])}")

    def people_and_object(self) -> tuple[str, str, str]:
        """Two names and an object; each name with the object is a held-out pair, or none is."""
        while True:
            first, second = self.rng.sample(self.words["names"], 2)
            thing = self.rng.choice(sorted(self.words["objects"]))
            if all(is_held_out(name, thing) == self.held_out for name in (first, second)):
                return first, second, thing

    def cities(self) -> tuple[str, str]:
        """Two cities."""
        return self._pair("cities")

    def currencies(self) -> tuple[str, str]:
        """Two currency codes."""
        first, second = self.rng.sample(self.words["currencies"], 2)
        return first, second

    def excludes(self, number: int) -> bool:
        """Whether a number belongs to the other part."""
        return is_held_out(str(number)) != self.held_out

    def amount(self) -> int:
        """A number of 2 to 999; short numbers as often as long ones, for a copied length must be learned too."""
        return self.number(*self.rng.choice(((2, 9), (10, 99), (10, 99), (100, 999), (100, 999))))

    def _pair(self, key: str) -> tuple[str, str]:
        while True:
            first, second = self.rng.sample(self.words[key], 2)
            if is_held_out(first, second) == self.held_out:
                return first, second

    def _drawn(self, draw: Callable[[], str]) -> str:
        while True:
            value = draw()
            if is_held_out(value) == self.held_out:
                return value
