"""How a unit is shown to an engine: with its spans as they are, or with placeholders in their place.

Which placeholder a model brings through unharmed differs by model and language, so several forms are at hand, and
:mod:`.calibrate` finds the best. No form is used whose kind of token stands in the source text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from ..toolkit.checks.numbers import find_numbers
from ..toolkit.languages import ENGLISH
from .units import Unit, UnitSpan


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of placeholder. ``template`` holds ``{}`` for the index; ``family`` matches any token of the kind."""

    name: str
    template: str
    family: regex.Pattern[str]

    def token(self, index: int) -> str:
        """The placeholder of the span with this index."""
        return self.template.format(index)

    def fits(self, text: str, spans: int) -> bool:
        """Whether this form can stand for ``spans`` spans of a unit without meeting its like in the text."""
        return spans <= 10 and self.family.search(text) is None


def _form(name: str, template: str, family: str) -> Form:
    return Form(name, template, regex.compile(family, regex.IGNORECASE))


# The order in which they are tried where no calibration says otherwise: the survival measured on a Bergamot model.
FORMS: tuple[Form, ...] = (
    _form("70000", "7000{}", r"7[., ]?000\p{Nd}"),
    _form("X0", "X{}", r"(?<!\p{Latin})X ?\p{Nd}"),
    _form("A0B", "A{}B", r"(?<!\p{Latin})A ?\p{Nd} ?B"),
    _form("Q0Q", "Q{}Q", r"(?<!\p{Latin})Q ?\p{Nd} ?Q"),
    _form("[0]", "[{}]", r"\[ ?\p{Nd} ?\]"),
    _form("(NUM0)", "(NUM{})", r"NUM ?\p{Nd}"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A unit as an engine reads it: ``faces`` are what must come back in place of its spans, one each in order."""

    unit: Unit
    text: str
    faces: tuple[str, ...]
    form: Form | None = None


def show_as_is(unit: Unit) -> Shown | None:
    """The unit with its spans as surfaces; None where a span has no surface that could be found again."""
    if any(span.start == span.end for span in unit.spans):
        return None
    return Shown(unit, unit.text, tuple(span.expect for span in unit.spans))


def show_as(unit: Unit, form: Form) -> Shown | None:
    """The unit with a placeholder for each span; None where there is no span or the form does not fit."""
    if not unit.spans or not form.fits(unit.text, len(unit.spans)):
        return None
    tokens = tuple(form.token(index) for index in range(len(unit.spans)))
    return Shown(unit, unit.fill(tokens), tokens, form)


def with_numbers(unit: Unit) -> Unit:
    """The unit with every number outside its spans made a span too."""
    spans = list(unit.spans)
    position = 0
    for gap, span in zip(unit.gaps, [*unit.spans, None], strict=True):
        for number in find_numbers(gap, ENGLISH):
            start, end = position + number.start, position + number.end
            spans.append(UnitSpan(start, end, "number", number.text, number.text))
        position = len(unit.text) if span is None else span.end
    return Unit(unit.text, tuple(sorted(spans, key=lambda span: span.start)))


def parts(unit: Unit) -> Sequence[tuple[str, Unit | None, str]]:
    """The gaps of a unit as (space before, unit to send or None where there are no letters, what follows)."""
    out: list[tuple[str, Unit | None, str]] = []
    for gap in unit.gaps:
        edges = _GAP.fullmatch(gap)
        assert edges is not None
        before, middle, behind = edges.groups()
        out.append((before, Unit(middle), behind) if middle else (before + behind, None, ""))
    return out


_GAP = regex.compile(r"([^\p{L}\p{M}]*)((?:\p{L}(?:.*[\p{L}\p{M}.!?])?)?)(.*?)", regex.DOTALL)
