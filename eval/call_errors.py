"""What is wrong with one call, in a word, against the call that was wanted.

The commonest error of multilingual tool calling is a right value in the wrong language (arXiv:2601.05366); to tell it
from a wrong value, the English call is needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..toolkit.checks.calls import position_key
from ..toolkit.records import Call
from . import bfcl
from .call_values import plain_text, same_value

CallError = Literal[
    "no-call",
    "unparsable",
    "call-count",
    "wrong-api",
    "argument-missing",
    "argument-extra",
    "wrong-value",
    "wrong-language",
]
PAIR_ERRORS: tuple[CallError, ...] = (
    "wrong-language",
    "wrong-value",
    "argument-extra",
    "argument-missing",
    "wrong-api",
)
"""What a call may have wrong against a wanted one, the least first."""

_WORD = re.compile(r"\w+")
_JAPANESE = {"HIRAGANA": "CJK", "KATAKANA": "CJK"}
_MIN_LETTERS = 2
_MOST = 0.6


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gold call and how it is judged.

    ``allowed``: BFCL's lists of values by argument, None where the gold values alone count. ``source``: the English
    call. ``parameters``: the tool's schema of each parameter, in its order; ``required``: those that must be given.
    """

    call: Call
    allowed: Mapping[str, Sequence[Any]] | None = None
    source: Call | None = None
    parameters: Mapping[str, Any] | None = None
    required: frozenset[str] = frozenset()

    def schema(self, key: str) -> Mapping[str, Any] | None:
        """The schema of a parameter."""
        found = (self.parameters or {}).get(key)
        return found if isinstance(found, Mapping) else None


def exactly(call: Call, wanted: Wanted) -> bool:
    """BFCL's verdict on a call whose ground truth lists values: name, arguments and values."""
    allowed = wanted.allowed or {}
    if call.name != wanted.call.name or call.arguments.keys() - allowed.keys():
        return False
    if _missing(call.arguments, wanted):
        return False
    return all(bfcl.value_fits(value, allowed[key], wanted.schema(key)) for key, value in call.arguments.items())


def error_of(call: Call, wanted: Wanted) -> CallError | None:
    """The gravest error of a call; None where it means what is wanted.

    Names of arguments must be the wanted ones; ``.`` in an API's name may be ``_``, for some servers allow no other.
    Arguments by position are named in the order of the tool's parameters.
    """
    if call.name.replace(".", "_") != wanted.call.name.replace(".", "_"):
        return "wrong-api"
    arguments = _named(call.arguments, wanted)
    if _missing(arguments, wanted):
        return "argument-missing"
    known = wanted.call.arguments if wanted.allowed is None else wanted.allowed
    if arguments.keys() - known.keys():
        return "argument-extra"
    wrong = [key for key, value in arguments.items() if not _is_right(value, key, wanted)]
    if not wrong:
        return None
    if all(_in_wrong_language(arguments[key], key, wanted) for key in wrong):
        return "wrong-language"
    return "wrong-value"


def _missing(arguments: Mapping[str, Any], wanted: Wanted) -> set[str]:
    if wanted.allowed is None:
        return set(wanted.call.arguments) - set(arguments)
    needed = {
        key
        for key, values in wanted.allowed.items()
        if values and (key in wanted.required or not bfcl.may_be_left_out(values))
    }
    return needed - set(arguments)


def _named(arguments: Mapping[str, Any], wanted: Wanted) -> Mapping[str, Any]:
    """Arguments by position (``$0``) under the names that the tool gives them."""
    names = {
        position_key(place): name
        for place, name in enumerate(wanted.parameters or ())
        if position_key(place) not in wanted.call.arguments and name not in arguments
    }
    return {names.get(key, key): value for key, value in arguments.items()}


def _is_right(value: Any, key: str, wanted: Wanted) -> bool:
    if wanted.allowed is None:
        return same_value(value, wanted.call.arguments[key])
    options = wanted.allowed[key]
    if bfcl.value_fits(value, options, wanted.schema(key)):
        return True
    return any(same_value(value, option) for option in options if option != bfcl.OPTIONAL)


def _in_wrong_language(value: Any, key: str, wanted: Wanted) -> bool:
    """Whether a wrong value is the English one, or of another script than the wanted one, or mostly English words."""
    if wanted.source is None or key not in wanted.source.arguments or key not in wanted.call.arguments:
        return False
    gold, english = wanted.call.arguments[key], wanted.source.arguments[key]
    given, right = text_of(value), text_of(gold)
    if not given or not right:
        return False
    scripts = script_of(given), script_of(right)
    if None not in scripts and scripts[0] != scripts[1]:
        return True
    if same_value(gold, english):
        return False
    return same_value(value, english) or _mostly_of(given, text_of(english), right)


def _mostly_of(given: str, english: str, right: str) -> bool:
    """Whether most words of a text are those of the English and not of the wanted value."""
    words = set(_WORD.findall(given))
    only_english = words & (set(_WORD.findall(english)) - set(_WORD.findall(right)))
    return bool(words) and len(only_english) >= _MOST * len(words)


def text_of(value: Any) -> str:
    """The texts of a value in one line, without what stands between them; numbers and truth values are none."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    return " ".join(filter(None, map(text_of, value))) if isinstance(value, list | tuple) else ""


def script_of(text: str) -> str | None:
    """The script of most letters, by their Unicode names, Han and kana as one; None below two letters."""
    scripts = Counter(unicodedata.name(char, "?").split()[0] for char in text if char.isalpha())
    folded: Counter[str] = Counter()
    for name, count in scripts.items():
        folded[_JAPANESE.get(name, name)] += count
    return folded.most_common(1)[0][0] if folded.total() >= _MIN_LETTERS else None
