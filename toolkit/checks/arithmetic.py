"""Arithmetic as worked solutions write it, and the calculator annotations of GSM8K (``<<48/2=24>>``).

A small recursive-descent parser over exact fractions; nothing is ever evaluated by Python itself, and the depth of
brackets, the length of an expression and exponents are bounded, so that no text can hang it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

MAX_LENGTH = 1_000  # characters of an expression
MAX_DEPTH = 50  # brackets and signs inside each other
MAX_EXPONENT = 64
MAX_BITS = 4_096  # of a numerator or denominator

_ANNOTATION = re.compile(r"<<([^<>]{1,1000})=([^<>=]{1,100})>>")
_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?(?![0-9])|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_TOKEN = re.compile(rf"\s*(?:({_NUMBER})|(\*\*|//|[-+*/^()%]))")
_SIGNS = str.maketrans("×xX·⋅÷−–$", "*****/-- ")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A calculator annotation at ``text[start:end]``: the expression and the value as they are written."""

    start: int
    end: int
    expression: str
    value_text: str


def evaluate(expr: str) -> Fraction:
    """The exact value of an expression.

    Known are + - * / ^ (also ``**`` and Python's ``//``), ``x × · ÷ −``, brackets, a product without a sign before
    a bracket (``2(3)``), decimals (``.5``), thousands (``1,200``), percent (``5%`` is 0.05) and dollar signs. Raises
    ValueError for anything else, for a division by zero and for an expression beyond the bounds of this module.
    """
    if len(expr) > MAX_LENGTH:
        raise ValueError(f"expression of {len(expr)} characters is longer than {MAX_LENGTH}")
    parser = _Parser(list(_tokens(expr.translate(_SIGNS))), expr)
    value = parser.sum(0)
    if parser.peek():
        raise ValueError(f"unexpected {parser.peek()!r} in {expr!r}")
    return value


def annotations(text: str) -> list[Annotation]:
    """All annotations ``<<expression=value>>`` of a text, in order."""
    return [Annotation(*match.span(), match[1], match[2]) for match in _ANNOTATION.finditer(text)]


def holds(annotation: Annotation) -> bool:
    """Whether the value is the expression's, rounded or cut off at the last place that it is written with.

    So ``10/3=3.33`` holds and ``10/3=3.34`` does not; ``2/3=0.66`` and ``2/3=0.67`` both do. False where one of the
    two cannot be evaluated.
    """
    try:
        expected, value = evaluate(annotation.expression), evaluate(annotation.value_text)
    except ValueError:
        return False
    place = _last_place(annotation.value_text)
    is_rounded = 2 * abs(expected - value) <= place
    is_cut = 0 <= abs(expected) - abs(value) < place and expected * value >= 0
    return expected == value or is_rounded or is_cut


def _last_place(value_text: str) -> Fraction:
    """The size of one unit in the last decimal place of a written value; 0 for a fraction, which is never rounded."""
    if "/" in value_text:
        return Fraction(0)
    decimals = re.search(r"\.([0-9]*)", value_text)
    place = Fraction(1, 10 ** len(decimals[1])) if decimals else Fraction(1)
    return place / 100 if "%" in value_text else place


def _tokens(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text[position:].strip()[:20]!r} as arithmetic")
        yield (match[1] or match[2]).replace(",", "")
        position = match.end()


class _Parser:
    """Recursive descent: sum > product > signed > power > percent > atom."""

    def __init__(self, tokens: list[str], text: str) -> None:
        self.tokens = tokens
        self.position = 0
        self.text = text

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """The next token if it is one of the wanted, else an empty text."""
        token = self.peek()
        if not token or token not in wanted:
            return ""
        self.position += 1
        return token

    def sum(self, depth: int) -> Fraction:
        value = self.product(depth)
        while sign := self.take("+", "-"):
            other = self.product(depth)
            value = _bounded(value + other if sign == "+" else value - other)
        return value

    def product(self, depth: int) -> Fraction:
        value = self.signed(depth)
        while True:
            if sign := self.take("*", "/", "//"):
                other = self.signed(depth)
            elif self.peek() == "(":
                sign, other = "*", self.power(depth)
            else:
                return value
            if sign != "*" and other == 0:
                raise ValueError(f"division by zero in {self.text!r}")
            quotient = value * other if sign == "*" else value / other
            value = _bounded(Fraction(quotient.__floor__()) if sign == "//" else quotient)

    def signed(self, depth: int) -> Fraction:
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} brackets or signs inside each other")
        if sign := self.take("+", "-"):
            value = self.signed(depth + 1)
            return value if sign == "+" else -value
        return self.power(depth)

    def power(self, depth: int) -> Fraction:
        base = self.percent(depth)
        if not self.take("^", "**"):
            return base
        exponent = self.signed(depth + 1)
        if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
            raise ValueError(f"exponent {exponent} is no whole number up to {MAX_EXPONENT}")
        if base == 0 and exponent < 0:
            raise ValueError(f"division by zero in {self.text!r}")
        return _bounded(base ** int(exponent))

    def percent(self, depth: int) -> Fraction:
        value = self.atom(depth)
        while self.take("%"):
            value /= 100
        return value

    def atom(self, depth: int) -> Fraction:
        if self.take("("):
            value = self.sum(depth + 1)
            if not self.take(")"):
                raise ValueError(f"a bracket is not closed in {self.text!r}")
            return value
        token = self.peek()
        if not token or not (token[0].isdigit() or token[0] == "."):
            raise ValueError(f"a number is missing in {self.text!r}")
        self.position += 1
        return _bounded(Fraction(token if token[-1] != "." else token[:-1]))


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ValueError(f"a number in the expression has more than {MAX_BITS} bits")
    return value
