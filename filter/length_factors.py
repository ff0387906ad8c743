"""How long a translation is: expected lengths by language, and how far a text is from them.

The logarithm of target size over source size is near to normal, about a mean that depends on the language and with a
variance that shrinks as texts grow: ``spread**2 * (1 + SHORT / size)`` (after Gale and Church, "A program for aligning
sentences in bilingual corpora", 1993). Sizes count characters in NFD without spaces and marks, so that a text with
tone marks is as long as the same text without them. In the source, names, digits and signs weigh more, for they
shrink less than words where a script packs words densely.

``length_factors.tsv`` holds what ``python -m mlt.filter.build_length_factors`` has measured.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, median, pstdev

import regex

from ..toolkit.languages import Language, resolve

SHORT = 40.0  # characters: how fast the spread falls; fitted to all languages of the table together
MIN_PAIRS = 50  # fewer give no estimate
_OPEN_SPREAD = 0.12  # what is added to the spread of a language that only its script is known of

_DENSE = {"Jpan", "Hans", "Hant"}
_PLAIN_WEIGHTS, _DENSE_WEIGHTS = (1.15, 2.0), (1.5, 3.0)  # of a name's letters, of digits and signs
_INDIC = {"Beng", "Deva", "Gujr", "Guru", "Knda", "Mlym", "Orya", "Sinh", "Taml", "Telu", "Olck"}
_MAINLAND = {"Thai", "Laoo", "Khmr", "Mymr", "Tibt"}
_CONSONANTAL = {"Arab", "Hebr"}
_ALPHABETS = {"Cyrl", "Grek", "Armn", "Geor"}
_CUT, _DEVIATION_OF_CUT = 2.0, 0.8796  # a normal distribution cut there, and the deviation that is left of it
_MEDIAN_OF_HALF = 0.3186  # of a normal distribution's middle half: the median distance from its mean
_LEAST = 0.01

_NAME = re.compile(r"[A-Z][\w'’]*")
_NO_SIGN = re.compile(r"(?:[^\W\d_]|\s)+")
_GLOSS = re.compile(r"\([A-Za-z][A-Za-z .,'’&/-]{0,80}\)")
_UNCOUNTED = regex.compile(r"[\s\p{Mn}\p{Cf}]+")


@dataclass(frozen=True, slots=True)
class Factors:
    """Mean and spread of log(target size / source size) for texts without end; ``origin`` says whence they are."""

    log_ratio: float
    spread: float
    origin: str


def source_size(text: str, language: Language) -> float:
    """The size of an English text, as a translation into ``language`` sees it."""
    names, signs = _DENSE_WEIGHTS if language.script in _DENSE else _PLAIN_WEIGHTS
    in_names = sum(map(len, _NAME.findall(text)))
    in_signs = len(_NO_SIGN.sub("", text))
    return _characters(text) + (names - 1) * in_names + (signs - 1) * in_signs


def target_size(text: str, language: Language) -> int:
    """The size of a translation. A name in Latin letters and brackets behind its transcription does not count."""
    if language.script != "Latn" and "(" in text:
        text = _GLOSS.sub("", text)
    return _characters(text)


def deviation(source: float, target: float, factors: Factors) -> float:
    """By how many standard deviations a target of a size is longer (shorter: negative) than usual for its source."""
    scale = factors.spread * math.sqrt(1 + SHORT / (source + 1))
    return (math.log((target + 1) / (source + 1)) - factors.log_ratio) / scale


def expected_size(source: float, factors: Factors) -> float:
    """The usual target size for a source size."""
    return (source + 1) * math.exp(factors.log_ratio) - 1


@cache
def factors_for(language: Language) -> Factors:
    """The shipped factors of a language; where there are none, those of its kind of script, with a wide spread."""
    shipped = _shipped()
    if language.code in shipped:
        return shipped[language.code]
    kind = _kind(language.script)
    like = [factors for code, factors in shipped.items() if kind in ("any", _kind(_script(code)))]
    means = [factors.log_ratio for factors in like]
    spread = math.sqrt(fmean(f.spread**2 for f in like) + pstdev(means) ** 2) + _OPEN_SPREAD
    return Factors(median(means), round(spread, 4), f"kind of script: {kind}")


def estimate_factors(pairs: Iterable[tuple[str, str]], language: Language) -> Factors | None:
    """Factors of a language from sources and their translations; None for fewer than ``MIN_PAIRS`` usable pairs.

    It begins with the densest half of all ratios, and takes mean and deviation of what lies within two deviations
    until nothing changes: three rows in ten may be wrong.
    """
    ratios: list[tuple[float, float]] = []
    for source, target in pairs:
        before, after = source_size(source, language), target_size(target, language)
        if before >= 1 and after >= 1:
            ratios.append((math.log((after + 1) / (before + 1)), 1 / (1 + SHORT / (before + 1))))
    if len(ratios) < MIN_PAIRS:
        return None
    mean, spread = _fitted(sorted(ratios))
    return Factors(round(mean, 4), round(spread, 4), "estimate")


def _characters(text: str) -> int:
    if text.isascii():
        return len(text) - sum(map(text.count, " \n\t\r\v\f"))
    return len(_UNCOUNTED.sub("", unicodedata.normalize("NFD", text)))


def _fitted(ratios: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean and spread of sorted (log ratio, weight) pairs, robustly."""
    half = len(ratios) // 2
    first = min(range(len(ratios) - half), key=lambda index: ratios[index + half][0] - ratios[index][0])
    kept = ratios[first : first + half + 1]
    mean = _weighted_mean(kept)
    spread = max(median(abs(ratio - mean) * math.sqrt(weight) for ratio, weight in kept) / _MEDIAN_OF_HALF, _LEAST)
    for _ in range(20):
        near = [(r, w) for r, w in ratios if abs(r - mean) * math.sqrt(w) <= _CUT * spread]
        if near == kept:
            break
        kept = near
        mean = _weighted_mean(kept)
        spread = max(math.sqrt(fmean(w * (r - mean) ** 2 for r, w in kept)) / _DEVIATION_OF_CUT, _LEAST)
    return mean, spread


def _weighted_mean(ratios: Sequence[tuple[float, float]]) -> float:
    return sum(ratio * weight for ratio, weight in ratios) / sum(weight for _, weight in ratios)


@cache
def _shipped() -> dict[str, Factors]:
    text = Path(__file__).with_name("length_factors.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), delimiter="\t")
    return {row["code"]: Factors(float(row["log_ratio"]), float(row["spread"]), "NTREX-128") for row in rows}


def _kind(script: str) -> str:
    """Scripts that need about as many characters for a text."""
    if script in _DENSE:
        return "Han"
    for name, scripts in (("Indic", _INDIC), ("Thai", _MAINLAND), ("Arabic", _CONSONANTAL), ("Cyrillic", _ALPHABETS)):
        if script in scripts:
            return name
    return "Latin" if script == "Latn" else "any"


def _script(code: str) -> str:
    return resolve(code).language.script
