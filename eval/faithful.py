"""mCoT's rule of what the answer of a solution is, and whether it is right.

Lai and Nissim 2024, github.com/laihuiyuan/mCoT, ``evlauation/infer.py`` (``test_answers``, ``extract_answer``) and
``util.py`` (after WizardMath's and Hendrycks' MATH): the content of the last ``\\boxed``, else the last number of the
text; right where it is less than 0.001 away. Kept as it is, with what it gets wrong, for numbers that compare with
published ones: ``1,080`` without a box is read as 80, while the digits of every script are read.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"-?\d+\.?\d*|\d+(?:\s+\d+)?")
_NEAR = 0.001
# What MATH's normalisation drops or rewrites, in its order.
_REWRITES = (
    ("\n", ""),
    ("\\!", ""),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\left", ""),
    ("\\right", ""),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\\$", ""),
)
_LATER = (("\\%", ""), (" .", " 0."), ("{.", "{0."))


def faithful(output: str, gold: str) -> bool:
    """Whether mCoT's evaluation counts ``output`` as right for ``gold``."""
    at = output.rfind("\\boxed")
    if at < 0:
        at = output.rfind("\\fbox")
    if at < 0:
        return _is_near(_last_number(output), gold)
    boxed = _boxed(output, at)
    if boxed is None:
        return False
    return _same_expression(boxed, gold) or _is_near(_last_number(boxed.replace(",", "")), gold)


def _last_number(text: str) -> float | None:
    found = _NUMBER.findall(text)
    return float(found[-1]) if found else None


def _is_near(value: float | None, gold: str) -> bool:
    try:
        return value is not None and abs(value - float(gold.replace(",", ""))) < _NEAR
    except ValueError:
        return False


def _boxed(text: str, start: int) -> str | None:
    """The content of the box that begins at ``start``, with its command where that is no ``\\boxed{``."""
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] == "{") - (text[index] == "}")
        if text[index] == "}" and depth == 0:
            whole = text[start : index + 1]
            return whole[7:-1] if whole.startswith("\\boxed{") else whole
    return None


def _same_expression(answer: str, gold: str) -> bool:
    try:
        return _normalised(answer) == _normalised(gold)
    except (ValueError, IndexError):
        return answer == gold


def _normalised(text: str) -> str:
    for old, new in _REWRITES:
        text = text.replace(old, new)
    if "\\text{ " in text:
        text, _ = text.split("\\text{ ")  # more than one raises, as there
    for old, new in _LATER:
        text = text.replace(old, new)
    if not text:
        return text
    text = "0" + text if text[0] == "." else text
    sides = text.split("=")
    text = sides[1] if len(sides) == 2 and len(sides[0]) <= 2 else text
    text = _with_braces(text).replace(" ", "")
    text = _fractions(text)
    if text == "0.5":
        return "\\frac{1}{2}"
    slash = re.fullmatch(r"(0|-?[1-9][0-9]*)/(0|-?[1-9][0-9]*)", text)
    return f"\\frac{{{slash[1]}}}{{{slash[2]}}}" if slash else text


def _with_braces(text: str) -> str:
    """``\\sqrt3`` as ``\\sqrt{3}``."""
    head, *rest = text.split("\\sqrt")
    return head + "".join("\\sqrt" + (part if part[0] == "{" else f"{{{part[0]}}}{part[1:]}") for part in rest)


def _fractions(text: str) -> str:
    """``\\frac12`` as ``\\frac{1}{2}``."""
    head, *rest = text.split("\\frac")
    done = head
    for part in rest:
        if part[0] == "{":
            done += "\\frac" + part
        elif len(part) < 2:
            return text
        elif part[1] == "{":
            done += f"\\frac{{{part[0]}}}{part[1:]}"
        else:
            done += f"\\frac{{{part[0]}}}{{{part[1]}}}{part[2:]}"
    return done
