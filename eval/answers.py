"""Is the answer of a solution right? Two verdicts: mCoT's rule, for comparison, and one that holds in every language.

``robust`` looks for the last place where the text states its answer (:mod:`.answer_anchors`), reads the number there
as the language writes it or as English does (:mod:`.answer_numbers`), in words if it has to (:mod:`.answer_words`),
and compares exactly; where nothing is stated, the last number of the text counts. Expressions are compared by
math-verify. ``faithful`` is :mod:`.faithful`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import regex

from ..toolkit.languages import ENGLISH, Language, resolve
from .answer_anchors import Place, own_answer, places
from .answer_latex import equal_expressions
from .answer_numbers import Quantity, grouped, plain, quantities, spelled
from .answer_words import han_number, says, says_any
from .faithful import faithful

_SHORT = 60  # characters: a text, or a line behind a label, that is nothing but an answer
_READ = 50_000  # characters of an output, from its end
_TAIL = 2_000  # characters in which the last number is looked for
_EXPRESSION = regex.compile(r"\\[a-z]|[\^_=()\[\]{}+*<>|]|(?<!\p{L})\p{L}(?!\p{L})")
_FACTOR = regex.compile(r"\s?\\(?:pi|sqrt|[dt]?frac)|[a-cnx-zπ√](?!\p{L})")  # behind a number: 2\pi, 3x
# Between an anchor and its number: markup, brackets, signs of currency and "about", no words.
_LEAD = regex.compile(r"(?:[\s\p{P}\p{Sc}~≈=]|\\boxed|\b(?:rs|eur|usd|ksh|tsh|sh|us|r)\b\.?)*", regex.I)
_LINK = regex.compile(
    r"[\s\p{L}\p{M}\p{Sc}()%°²³]{0,30}?(?P<sign>[-−–+*×÷/=≈·]|(?<=[\s\d])x(?=[\s\d]))[\s\p{L}\p{M}\p{Sc}()=≈]{0,30}?"
)
_BRACKETS = regex.compile(r"[(（][^()（）\n]*[)）]")
_PUNCTUATION = regex.compile(r"^[\s\p{P}\p{S}]+|[\s\p{P}\p{S}]+$")


@dataclass(frozen=True, slots=True)
class AnswerVerdict:
    """``extracted`` is the answer that ``robust`` judged, numbers as plain decimals; ``error`` is None where it is
    right, else ``no-answer`` or ``wrong-answer``."""

    extracted: str | None
    faithful: bool
    robust: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class _Gold:
    """What is right: the values of a number, or none for an expression or a word."""

    text: str
    values: frozenset[Fraction]


def judge(output: str, gold: str, lang: str) -> AnswerVerdict:
    """The verdicts on a model's ``output`` for a problem whose answer is ``gold``, in English notation.

    ``lang`` is the language of the problem, as any code that :func:`~mlt.toolkit.languages.resolve` knows; UsageError
    for others.
    """
    language = resolve(lang).language
    by_mcot = faithful(output, gold)
    extracted, right = _judge(own_answer(plain(output[-_READ:])), _read_gold(gold), language)
    error = None if right else "no-answer" if extracted is None else "wrong-answer"
    return AnswerVerdict(extracted, by_mcot, right, error)


@lru_cache(maxsize=4_096)
def _read_gold(gold: str) -> _Gold:
    text = plain(gold).strip().strip("$").strip()
    found = quantities(grouped(text), ENGLISH)
    if len(found) == 1 and not _EXPRESSION.search(text[: found[0].start] + text[found[0].end :]):
        return _Gold(text, found[0].values)
    return _Gold(text, frozenset())


def _judge(text: str, gold: _Gold, language: Language) -> tuple[str | None, bool]:
    """The answer that a text gives, and whether it is the gold one."""
    for place in reversed(places(text)):
        verdict = _judge_place(text, place, gold, language)
        if verdict is not None:
            return verdict
    return _judge_unmarked(text, gold, language)


def _judge_place(text: str, place: Place, gold: _Gold, language: Language) -> tuple[str, bool] | None:
    """The verdict on what one anchor announces; None where that is no answer at all."""
    sentence = text[place.start : place.sentence]
    if not gold.values:
        answer = sentence.strip()
        right = _same_words(answer, gold.text) or equal_expressions(answer, gold.text)
        return (answer, right) if answer else None
    line = grouped(text[place.start : place.end])
    if (stated := _stated(line, place, language)) is not None and not _FACTOR.match(line, stated.end):
        return _number_verdict(stated, gold)
    if place.kind == "boxed" or stated:
        return (line.strip(), equal_expressions(line, gold.text)) if line.strip() else None
    first_words = " ".join(sentence.split()[:2])
    if place.kind == "label" and not says_any(first_words, language) and not han_number(sentence, language):
        return None  # "Answer: We need two steps."
    return _words_verdict(sentence, gold, language)


def _judge_unmarked(text: str, gold: _Gold, language: Language) -> tuple[str | None, bool]:
    """Nothing is announced: the last number counts, and words only in a text that is nothing but its answer."""
    short = text.strip()
    bare = "\n" not in short and len(short) <= _SHORT
    if gold.values:
        found = quantities(grouped(text) if bare else text[-_TAIL:], language)
        if found:
            return _number_verdict(found[-1], gold)
        return (_words_verdict(short, gold, language) if bare and short else None) or (None, False)
    if bare and short:
        return short, _same_words(short, gold.text) or equal_expressions(short, gold.text)
    return None, False


def _stated(line: str, place: Place, language: Language) -> Quantity | None:
    """The quantity that the text behind an anchor comes to."""
    length = place.sentence - place.start
    if place.kind == "label":
        line = _BRACKETS.sub(lambda match: " " * len(match[0]), line)
    found = quantities(line, language)
    in_sentence = [quantity for quantity in found if quantity.start < length]
    if not in_sentence:
        return None
    scope = found if place.kind == "label" else in_sentence
    if not _LEAD.fullmatch(line[: in_sentence[0].start]):
        return scope[-1]
    stated, has_working = _end_of_chain(line, in_sentence)
    if has_working or (place.kind == "label" and len(line) > _SHORT):
        return scope[-1]
    return stated


def _end_of_chain(line: str, found: Sequence[Quantity]) -> tuple[Quantity, bool]:
    """The first quantity, or what a chain that begins with it (9 * 2 = 18) comes to, and whether there was one."""
    signs = []
    for before, after in pairwise(found):
        link = _LINK.fullmatch(line[before.end : after.start])
        if link is None:
            break
        signs.append("=" in link[0] or "≈" in link[0])
    if signs and signs[-1]:
        return found[len(signs)], True
    return found[0], bool(signs) and not signs[0]


def _number_verdict(quantity: Quantity, gold: _Gold) -> tuple[str, bool]:
    right = quantity.means(gold.values)
    hit = quantity.values & gold.values or quantity.values
    return spelled(min(hit, key=lambda value: value.denominator)), right


def _words_verdict(text: str, gold: _Gold, language: Language) -> tuple[str, bool] | None:
    if han := han_number(text, language):
        return spelled(han[0]), han[0] in gold.values
    for value in gold.values:
        if says(text, value, language):
            return spelled(value), True
    return (text.strip()[:_SHORT], False) if says_any(text, language) else None


def _same_words(answer: str, gold: str) -> bool:
    return _folded(answer) == _folded(gold) != ""


def _folded(text: str) -> str:
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text)).casefold()
