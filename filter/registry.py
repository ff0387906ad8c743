"""All checks, in the order in which they are asked: the first that a row fails is its reason.

Vetoes come before scores, the particular before the general.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .check import Check

# name -> where it stands. Modules are imported when a check is made.
_CHECKS = {
    "empty": "empty:EmptyCheck",
    "ending": "ending:EndingCheck",
    "unk": "unk:UnkCheck",
    "copy": "copied:CopyCheck",
    "call": "call:CallCheck",
    "arguments": "arguments:ArgumentsCheck",
    "answer": "answer:AnswerCheck",
    "sums": "sums:SumsCheck",
    "structure": "structure:StructureCheck",
    "numbers": "numbers:NumbersCheck",
    "repetition": "repetition:RepetitionCheck",
    "script": "script:ScriptCheck",
    "language": "language:LanguageCheck",
    "length": "length:LengthCheck",
    "omission": "omission:OmissionCheck",
    "fragments": "fragments:FragmentsCheck",
    "names": "names:NamesCheck",
    "duplicates": "duplicates:DuplicatesCheck",
    "roundtrip": "roundtrip:RoundTripCheck",
    "qe": "qe:QeCheck",
}


def check_names() -> tuple[str, ...]:
    """The names of all checks, in order."""
    return tuple(_CHECKS)


@cache
def check_class(name: str) -> type[Check]:
    """The class of a check."""
    module, _, attribute = _CHECKS[name].partition(":")
    found: type[Check] = getattr(import_module(f".checks.{module}", __package__), attribute)
    return found
