"""Number words rendered by num2words (github.com/savoirfairelinux/num2words), which knows some forty languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import cast

import regex

from .number_words_tables import suffix_length

# Codes of the library that differ from ISO 639-1.
_CODES = {"nb": "no", "nn": "no", "kk": "kz"}
_RENDERED = (
    "am ar az be bn ca cs cy da de eo es fa fi fr he hu id is it kk kn ko lt lv nb nl nn pl pt ro ru sk sl sr sv te tg "
    "th tr uk vi"
)
_LANGUAGES = frozenset(_RENDERED.split())
# Above these values a converter of the library (0.5.14) never ends.
_LIMITS = {"am": 999_999}
UNSPACED = frozenset(["th"])
_THAI = "หนึ่ง|เอ็ด|สอง|ยี่|สาม|สี่|ห้า|หก|เจ็ด|แปด|เก้า|สิบ|ร้อย|พัน|หมื่น|แสน|ล้าน"
_FINAL = regex.compile(r"[aeiouàèìòùáéíóúаеиоуыяьійї]$")
_BREAK = regex.compile(r"[\s\u200b-]+")


def forms(value: int, key: str) -> list[str]:
    """The patterns of a value as cardinal and ordinal; empty where the library does not know the language."""
    if key not in _LANGUAGES or value > _LIMITS.get(key, value):
        return []
    texts = dict.fromkeys(filter(None, (_rendered(value, key, kind) for kind in ("cardinal", "ordinal", "year"))))
    return [_loosened(text, key) for text in texts]


def bounded(form: str, key: str) -> str:
    """A pattern in a script without spaces: no part of a longer number."""
    return f"(?<!{_THAI})(?:{form})(?!{_THAI})"


@cache
def _convert() -> Callable[..., str]:
    from num2words import num2words

    return cast("Callable[..., str]", num2words)


def _rendered(value: int, key: str, kind: str) -> str | None:
    if kind == "year" and not 1000 < value < 2100:
        return None
    if kind == "ordinal" and value > 1000:
        return None
    try:
        text = str(_convert()(value, lang=_CODES.get(key, key), to=kind))
    except Exception:  # its converters raise whatever they stumble over: TypeError, IndexError, KeyError
        return None
    return unicodedata.normalize("NFC", text).strip().lower() or None


def _loosened(text: str, key: str) -> str:
    """The words with any break between them, with their endings open."""
    if key in UNSPACED:
        return regex.escape(text)
    return r"[\s\u200c-]*".join(_stem(word, key) for word in _BREAK.split(text) if word)


def _stem(word: str, key: str) -> str:
    letters = suffix_length(key)
    if letters is not None:
        return rf"{regex.escape(word)}[\p{{L}}\p{{M}}]{{0,{letters}}}"
    if len(word) < 4:
        return regex.escape(word)
    stem = _FINAL.sub("", word)
    return rf"{regex.escape(stem)}[\p{{L}}\p{{M}}]{{0,{3 if len(word) > 4 else 2}}}"
