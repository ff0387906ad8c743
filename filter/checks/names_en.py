"""Names in English text, by their capital letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from .title_words_en import TITLE_WORDS

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)?")
_OWNER = regex.compile(r"['’]s?$")
_START = regex.compile(r"(?:[.!?:;\n]|[-–—*•]\s)[\s\"'“”‘’(\[]*$")
_MIN_LETTERS = 4
# A text in which nothing but these is in small letters is a headline, whose capitals say nothing.
_SMALL_IN_HEADLINES = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to"}
)
_MIN_HEADLINE = 4  # words
# Endings of words that are translated even where they stand in a name.
_ENDINGS = tuple(
    regex.findall(r"\w+", "tion tions ment ments ism ship ist ists ness ity ance ence ing ology ical ian ians ese ish")
)


@dataclass(frozen=True, slots=True)
class _Capitalised:
    """A capitalised word; ``joined``: to one before it by a space; ``begins`` a sentence; ``owns``: ``'s`` ends it."""

    text: str
    joined: bool
    begins: bool
    owns: bool


def find_names(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The names in English texts, each word of a name once: words that are capitalised though no sentence begins.

    A sentence's first word counts where another capitalised word follows, an ``'s`` ends it, or it stands there
    several times. Left out are words that stand in small letters too, short words, abbreviations, words that are
    translated (titles, institutions, peoples, months) and headlines.
    """
    small: set[str] = set()
    lists = [list(_capitalised(text, small)) for text in texts]
    counts = Counter(word.text for words in lists for word in words)
    seen: set[str] = set()
    names = (tuple(_new(run, counts, small, seen)) for words in lists for run in _runs(words))
    return [name for name in names if name]


def _capitalised(text: str, small: set[str]) -> Iterator[_Capitalised]:
    """The capitalised words of a text, none of a headline; ``small`` gets the others."""
    words = list(_WORD.finditer(text))
    capitals = [match for match in words if match[0][0].isupper()]
    others = {match[0] for match in words if not match[0][0].isupper()}
    if len(words) >= _MIN_HEADLINE and others <= _SMALL_IN_HEADLINES:
        return
    small |= others
    end, first = -1, words[0] if words else None
    for match in capitals:
        start = match.start()
        bare = _OWNER.sub("", match[0])
        joined = end >= 0 and text[end:start] in (" ", "\u00a0")
        begins = match is first or (not joined and _START.search(text, max(0, start - 8), start) is not None)
        if bare:
            yield _Capitalised(bare, joined, begins, bare != match[0])
        end = match.end()


def _runs(words: Sequence[_Capitalised]) -> Iterator[list[_Capitalised]]:
    """Capitalised words that follow each other."""
    run: list[_Capitalised] = []
    for word in words:
        if run and not word.joined:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _new(run: Sequence[_Capitalised], counts: Counter[str], small: set[str], seen: set[str]) -> Iterator[str]:
    for word in run:
        if word.begins and not (len(run) > 1 or word.owns or counts[word.text] > 1):
            continue
        if word.text not in seen and _may_be_name(word.text) and word.text.lower() not in small:
            seen.add(word.text)
            yield word.text


def _may_be_name(word: str) -> bool:
    small = word.lower()
    return (
        len(word) >= _MIN_LETTERS
        and word[1:] == small[1:]
        and word.isalpha()
        and small not in TITLE_WORDS
        and not small.endswith(_ENDINGS)
    )
