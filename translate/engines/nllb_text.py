"""What NLLB and M2M100 need done to a text before tokenisation, and undone after it.

Both were trained on text whose punctuation Moses' rules had normalised and whose control characters had been
replaced by spaces (fairseq ``examples/m2m_100``; stopes' NLLB preparation). Their vocabularies lack the forms of
print (’ ‘ “ ” – — « »), which would become ``<unk>``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

TEXT_VERSION = "1"  # raised when what this module does to a text changes: it decides hypotheses

_CONTROL = regex.compile(r"\p{C}")
# SentencePiece's NFKC took these vowels apart in the training data; keyboards and corpora write one character.
_TAKEN_APART = {"\u0e4d\u0e32": "\u0e33", "\u0ecd\u0eb2": "\u0eb3"}  # Thai and Lao sara am


def normalise(text: str) -> str:
    """``text`` as the models saw it in training: sacremoses' English rules, control characters as spaces.

    One rule of Moses is left out: it joins digits around a no-break space with a dot, which makes 1 of 1000
    ("1 000" becomes "1.000").
    """
    return without_controls(_moses().normalize(text))


def without_controls(text: str) -> str:
    """``text`` with control characters as spaces, stripped of outer white space."""
    return _CONTROL.sub(" ", text).strip()


def restore(text: str) -> str:
    """A model's output with the Thai and Lao vowels whole again, stripped of outer white space."""
    for parts, whole in _TAKEN_APART.items():
        text = text.replace(parts, whole)
    return text.strip()


@cache
def _moses() -> Any:
    from sacremoses import MosesPunctNormalizer

    return MosesPunctNormalizer(lang="en", norm_numbers=False)
