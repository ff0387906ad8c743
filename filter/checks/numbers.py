"""Whether the numbers of the English stand in the translation, in digits or in words, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import regex

from ...toolkit.checks.equivalents import RULES, Scene
from ...toolkit.checks.number_gaps import number_gaps
from ...toolkit.checks.number_words import SaidNumbers, base_code, owed, scaled
from ...toolkit.checks.number_words_en import cardinals, word_values
from ...toolkit.checks.numbers import find_numbers, unmatched_numbers, without_said
from ...toolkit.errors import UsageError
from ...toolkit.languages import ENGLISH, Language
from ..check import Context, HardCheck
from ..pairs import TEXT_TASK, Pair

# What a solution of GSM8K or a dialogue with calls has and no other text: there a converted unit breaks the sum, or
# parts the request from the call.
_EXACT = regex.compile(r"<<|^####|API-Request|<tool_call>", regex.MULTILINE)

# Two numbers of which one leads: a score, a time, a ratio.
_ORDERED = regex.compile(r"(?<!\d|\d[.,:/–-])(\d{1,3})[–:-](\d{1,3})(?!\d|[.,:/–-]\d)")

# Languages whose word for one is their indefinite article: it translates "a" before it says a 1.
_ARTICLES = regex.compile(
    "af|ast|ca|da|de|es|eu|fo|fr|fy|fur|gl|hu|is|it|lb|lij|lmo|nb|nl|nn|no|oc|pt|ro|sc|scn|sv|tr|vec"
)
_ARTICLE = regex.compile(r"\b(?:an?|another)\b", regex.IGNORECASE)

_MANY = 10
# With more numbers than this unaccounted for, or one of more digits, no explanation is looked for.
_HOPELESS = 50


class NumbersCheck(HardCheck):
    """Numbers of the source that the target lacks, and numbers of the target that the source does not explain."""

    name = "numbers"
    summary = "numbers that the translation lacks or adds"

    @dataclass(frozen=True)
    class Settings:
        """What may explain a number, and what must be there.

        ``words``: number words of the target may stand for digits of the source. ``unread``: so may number words that
        were not understood, in Yoruba. ``owed``: what English says in words must be in the target of a language that
        writes it with digits (months and amounts in Japanese and Chinese). ``gaps``: a counter without its number is
        one that is missing (Japanese). ``equivalents``: the rules of :mod:`mlt.toolkit.checks.equivalents` by which
        another number may stand there, in texts of ``equivalent_tasks`` that hold no sums (``<<48/2=24>>``,
        ``#### 24``) and no calls.
        """

        words: bool = True
        unread: bool = True
        owed: bool = True
        gaps: bool = True
        equivalents: list[str] = field(default_factory=lambda: list(RULES))
        equivalent_tasks: list[str] = field(default_factory=lambda: [TEXT_TASK])

    def __init__(self, settings: Settings | None = None, context: Context | None = None) -> None:
        super().__init__(settings, context)
        for name in self.settings.equivalents:
            if name not in RULES:
                raise UsageError(f"checks.numbers.equivalents: unknown rule {name!r}; known: {', '.join(RULES)}")

    def problems(self, pair: Pair) -> Iterable[str]:
        """``missing 12`` and ``added 13``, line by line."""
        allowed = pair.target.task in self.settings.equivalent_tasks
        for segment in pair.segments:
            free = allowed and not _EXACT.search(segment.source)
            for line in segment.lines:
                due = owed(line.source, pair.language) if self.settings.owed and pair.translates else []
                yield from self._compare(line.source, line.target, pair.language, due, free)
            yield from _turned(segment.source, segment.target)
            for counter in number_gaps(segment.target, pair.language) if self.settings.gaps else ():
                yield f"missing number before {counter}"

    def _compare(self, source: str, target: str, language: Language, due: list[Decimal], free: bool) -> Iterator[str]:
        missing, extra = unmatched_numbers(source, target, ENGLISH, language)
        if not missing and not extra and not due:
            return
        scene = Scene(source, target, language, missing, extra, SaidNumbers(target, language))
        words = word_values(source) if scene.extra else Counter[Decimal]()
        lost: list[Decimal] = []
        if len(missing) + len(extra) <= _HOPELESS and all(len(n.text) <= _HOPELESS for n in missing + extra):
            self._explain(scene, free)
            lost = _unpaid(due[:_HOPELESS], scene, words)
        yield from (f"missing {number.text}" for number in scene.missing)
        yield from (f"missing {value} (in words)" for value in lost)
        yield from (f"added {number.text}" for number in without_said(scene.extra, words))

    def _explain(self, scene: Scene, free: bool) -> None:
        if self.settings.words and scene.missing:
            _match_scaled(scene)
            _match_words(scene)
        if free and (scene.missing or scene.extra):
            for name in self.settings.equivalents:
                RULES[name](scene)
        if self.settings.unread and scene.missing:
            _match_unread(scene)


def _turned(source: str, target: str) -> Iterator[str]:
    """Pairs of numbers that stand the other way round: 1-0 has become 0-1."""
    before = _ordered(source)
    after = _ordered(target) if before else before
    for (first, second), count in before.items():
        if first != second and after[first, second] < count and after[second, first] > before[second, first]:
            yield f"{second}-{first} for {first}-{second}"


def _ordered(text: str) -> Counter[tuple[int, int]]:
    return Counter((int(first), int(second)) for first, second in _ORDERED.findall(text))


def _match_scaled(scene: Scene) -> None:
    """Digits with a word that multiplies them: 380 тысяч is 380,000."""
    for number in list(scene.extra):
        values = scaled(number, scene.target, scene.language)
        partner = next((n for n in scene.missing if n.values & values), None)
        if partner:
            scene.missing.remove(partner)
            scene.extra.remove(number)


def _match_words(scene: Scene) -> None:
    """Numbers that the target says in words, but for those words that translate words of the source."""
    reserved = cardinals(scene.source)
    if _ARTICLES.fullmatch(base_code(scene.language)):
        reserved[Decimal(1)] += len(_ARTICLE.findall(scene.source))
    for number in sorted(scene.missing, key=lambda n: -max(n.values)):
        for value in sorted(number.values):
            if scene.said.count(value) > reserved[value] and scene.said.take(value):
                scene.missing.remove(number)
                break


def _match_unread(scene: Scene) -> None:
    """Numbers from ten on, of which the target says as many in words that were not understood; years have digits."""
    for _ in range(sum(count for value, count in cardinals(scene.source).items() if value >= _MANY)):
        scene.said.take_unread()  # it translates a word
    for number in list(scene.missing):
        value = max(number.values)
        if value >= _MANY and not 1100 <= value <= 2100 and scene.said.take_unread():
            scene.missing.remove(number)


def _unpaid(due: list[Decimal], scene: Scene, words: Counter[Decimal]) -> list[Decimal]:
    """What the target does not say of what the source says in words: with digits, in words, or once for several."""
    lost = []
    for value in due:
        if scene.take_extra(lambda found, value=value: found == value):  # type: ignore[misc]
            words[value] -= 1
        elif not scene.said.take(value):
            lost.append(value)
    known = {value for number in find_numbers(scene.target, scene.language) for value in number.values} if lost else ()
    return [value for value in lost if value not in known]
