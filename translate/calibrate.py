"""Which form of placeholder a model brings through unharmed, measured per model and language.

The probes are a fixed set of sentences with slots, decoded like any unit and kept in the same cache, so that a model
is asked once. What they show decides two things: the order in which forms are tried, and whether spans are sent as
they are at first, or a placeholder is better from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..toolkit.languages import Language
from .decode import Decoder, Plans
from .engine import Decoding
from .placeholders import FORMS, Form, Shown, show_as, show_as_is
from .units import Unit, UnitSpan
from .verify import Accepted, judge

# Below this share of spans that survive as they are, the first attempt would mostly be in vain.
DIRECT_FLOOR = 0.5

_PROBES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Natalia sold {} clips in May.", ("48 / 2 = 24",)),
    ("So they spent {} dollars on fruit.", ("12 * 3 + 5 = 41",)),
    ("The total number of apples is {}.", ("15 + 27 = 42",)),
    ("After paying {} for the bus, she has {} left.", ("$2.50", "20 - 2.50 = 17.50")),
    ("He needs {} hours to finish the work.", ("96 / 8 = 12",)),
    ("Each of the friends gets {} of the cake.", ("1/4",)),
    ("Since there are {} boxes, they need {} nails.", ("4 * 6 = 24", "24 * 10 = 240")),
    ("Together they walked {} miles in a week.", ("(3 + 5) * 7 = 56",)),
    ("Could you book a table at {} for {}?", ("Golden Dragon", "2024-05-17")),
    ("Please send the message {} to {}.", ("Meeting moved", "John Smith")),
    ("I want to delete the alarm set for {}.", ("2024-03-20 15:30:00",)),
    ("My user name is {} and my password is {}.", ("johndoe", "pass123")),
    ("Can you find the stock price of {} on {}?", ("SQ", "2022-03-14")),
    ("The status of your appointment {} is {}.", ("34567890", "confirmed")),
    ("Write to {} if you have a question.", ("anna@example.com",)),
    ("Sure, I have added {} to your list for {}.", ("Buy milk", "tomorrow at 9am")),
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Shares of probes that came back whole: with spans as they are, and with each form; best forms first."""

    direct: float
    forms: Mapping[str, float]

    @property
    def order(self) -> tuple[Form, ...]:
        """The forms, best first."""
        by_name = {form.name: form for form in FORMS}
        return tuple(by_name[name] for name in self.forms)

    @property
    def direct_first(self) -> bool:
        """Whether a unit is first sent with its spans as they are."""
        return self.direct >= min(DIRECT_FLOOR, max(self.forms.values()))


def probes() -> list[Unit]:
    """The probe sentences as units, their fills as spans."""
    return [_probe(template, fills) for template, fills in _PROBES]


def probe_texts() -> list[str]:
    """The probes as they are sent: with their spans as they are, then in every form."""
    return [shown.text for group in _shown().values() for shown in group if shown]


def calibrate(decoder: Decoder, decoding: Decoding, target: Language, plans: Plans | None = None) -> Calibration:
    """Measure a model on one language. Costs ``len(probes()) * (1 + len(FORMS))`` short units, once."""
    shown = _shown()
    hypotheses = dict(decoder.decode(probe_texts(), decoding, plans=plans, step="calibration"))

    def share(group: Iterable[Shown | None]) -> float:
        good = [isinstance(judge(s, hypotheses[s.text][0], target, translates=False), Accepted) for s in group if s]
        return sum(good) / len(_PROBES)

    shares = {name: share(group) for name, group in shown.items()}
    direct = shares.pop("")
    return Calibration(direct, dict(sorted(shares.items(), key=lambda item: -item[1])))


def _shown() -> dict[str, list[Shown | None]]:
    """How each form, and none (""), shows the probes."""
    shown = {"": [show_as_is(unit) for unit in probes()]}
    return shown | {form.name: [show_as(unit, form) for unit in probes()] for form in FORMS}


def _probe(template: str, fills: tuple[str, ...]) -> Unit:
    text, spans = "", []
    for gap, fill in zip(template.split("{}"), [*fills, ""], strict=True):
        start = len(text) + len(gap)
        text += gap + fill
        if fill:
            spans.append(UnitSpan(start, len(text), "probe", fill, fill))
    return Unit(text, tuple(spans))
