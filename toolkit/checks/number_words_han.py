"""Numbers in Chinese characters, as Chinese and Japanese write them: 百二十五, 一百二十五, 一二五, 二〇〇八."""

from __future__ import annotations

_DIGITS = ["[〇零]", "[一壱壹]", "[二两兩弐]", "[三参]", "四", "五", "六", "七", "八", "九"]
_SMALL = ((1000, "[千仟]"), (100, "[百佰]"), (10, "十"))
_LARGE = ((10**12, "兆"), (10**8, "[億亿]"), (10**4, "[万萬]"))
_ANY = "[〇零一二三四五六七八九十百千万萬億亿两兩]"

_WEEK = "周|週|星期|礼拜|禮拜"  # with 一 to 六 the days from Monday on


def forms(value: int) -> list[str]:
    """The patterns of a value: with tens and hundreds, and digit by digit from two digits on."""
    if value == 0:
        return [_DIGITS[0]]
    if value == 1:  # 一 stands in many a word: only as an ordinal, in a date, at a clock
        return [f"第{_DIGITS[1]}", f"{_DIGITS[1]}(?=[级級等号號位月日点點时時])"]
    found = [_grouped(value)]
    if value >= 10:
        found.append("".join(_DIGITS[int(digit)] for digit in str(value)))
    if 20 <= value < 30:
        found.append("廿" + (_DIGITS[value % 10] if value % 10 else ""))
    return found


def bounded(form: str) -> str:
    """A pattern that is no part of a longer number."""
    return f"(?<!{_ANY}|{_WEEK})(?:{form})(?!{_ANY})"


def _grouped(value: int) -> str:
    out = []
    for size, sign in _LARGE:
        if value >= size:
            out.append(_below_myriad(value // size) + sign)
            value %= size
    if value:
        out.append(_below_myriad(value))
    return "[〇零]?".join(out)


def _below_myriad(value: int) -> str:
    out = []
    for size, sign in _SMALL:
        digit, value = divmod(value, size)
        if digit:
            out.append((_DIGITS[1] + "?" if digit == 1 else _DIGITS[digit]) + sign)
    if value:
        out.append(_DIGITS[value])
    return "[〇零]?".join(out)
