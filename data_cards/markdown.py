"""Text that others have written, made fit to stand in a Markdown page: shown as it is, never read as markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import regex

if TYPE_CHECKING:
    from markupsafe import Markup

CUT = 500
"""How many characters of a long text are shown."""

_ESCAPES = {
    **{ord(char): f"\\{char}" for char in "\\`*_[]~|"},
    # A dollar may begin a formula on the Hub, with or without a backslash before it.
    **{ord(char): f"&#{ord(char)};" for char in "$@"},
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
}
_BREAK = re.compile(r"\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_ADDRESS = re.compile(r"(?i)(?<=\bhttp):(?=//)|(?<=\bhttps):(?=//)|(?<=\bftp):(?=//)|(?<=\bwww)\.")
_BARE_CODE = re.compile(r"[^`|\r\n]+")
_IN_ADDRESS = ":/?#@!$&'*+,;=%~"
_CLUSTER = regex.compile(r"\X")
# They turn the text around them, or are no text at all. Joiners, which are in the same category, must stay.
_HIDDEN = re.compile("[\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069\ufeff]")


def escape(text: str) -> Markup:
    """A text as one line of Markdown that shows it: nothing in it is markup, line breaks are ``<br>``.

    It may stand in a table cell or within a line. Control characters show as their code point.
    """
    from markupsafe import Markup

    shown = _HIDDEN.sub(lambda found: f"U+{ord(found[0]):04X}", text)
    plain = shown.translate(_ESCAPES)
    # An address that is spelt with an entity does not become a link.
    unlinked = _ADDRESS.sub(lambda found: f"&#{ord(found[0])};", plain)
    return Markup(_BREAK.sub("<br>", unlinked).replace("\t", " "))


def code(text: str) -> Markup:
    """A text as code within a line or a table cell."""
    from markupsafe import Markup

    if _BARE_CODE.fullmatch(text) and text == text.strip() and not _HIDDEN.search(text):
        return Markup(f"`{text}`")
    return Markup(f"<code>{escape(text)}</code>")


def link(text: str, address: str) -> Markup:
    """A link; the address may hold anything and ends nowhere but at its end."""
    from markupsafe import Markup

    return Markup(f"[{escape(text)}]({quote(address, safe=_IN_ADDRESS)})")


def fence(text: str, language: str = "") -> Markup:
    """A text as a block of code."""
    from markupsafe import Markup

    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    shown = _HIDDEN.sub(lambda found: f"U+{ord(found[0]):04X}", text.rstrip("\n"))
    return Markup(f"{mark}{language}\n{shown}\n{mark}")


def table(columns: Sequence[Any], rows: Iterable[Sequence[Any]], right: Sequence[int] = ()) -> Markup:
    """A table. Cells are escaped unless they are Markdown already; ``right``: the numbers of the columns of numbers."""
    from markupsafe import Markup

    lines = [columns, ["-:" if index in right else "-" for index in range(len(columns))], *rows]
    return Markup("\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines))


def cell(value: Any) -> Markup:
    """A value as Markdown: None is empty, a number is :func:`number`, Markdown stays, all else is escaped."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Markup(number(value))
    return escape("" if value is None else str(value))


def number(value: float) -> str:
    """A number for people: thousands apart, a true minus, no more digits than it has."""
    text = f"{value:,}" if isinstance(value, int) or not value.is_integer() else f"{int(value):,}"
    return text.replace("-", "−")


def cut(text: str, limit: int = CUT) -> str:
    """A text of at most ``limit`` characters or a little more, ended by … where it is cut; graphemes stay whole."""
    if len(text) <= limit + 1:
        return text
    if (space := text.rfind(" ", limit - 40, limit)) > 0:
        return f"{text[:space]}…"
    ends = (found.end() for found in _CLUSTER.finditer(text, limit - 40, limit + 40))
    return f"{text[: next((end for end in ends if end >= limit), limit)]}…"


def any_direction(text: Markup) -> Markup:
    """Escaped text whose direction the browser finds out, so that the cells around it keep theirs."""
    from markupsafe import Markup

    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in text):
        return Markup(f'<span dir="auto">{text}</span>')
    return text


def joined(pieces: Iterable[Markup], separator: str = "") -> Markup:
    """Markdown put together; the separator is Markdown too."""
    from markupsafe import Markup

    return Markup(separator).join(pieces)


def percent(part: int, whole: int) -> str:
    """A share in percent. What is not all is never shown as 100, what is not none never as 0."""
    if part in (0, whole):
        return "100" if part else "0"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}"


def in_words(texts: Iterable[str]) -> str:
    """A list as people write it: "a, b and c"."""
    *first, last = list(texts) or [""]
    return f"{', '.join(first)} and {last}" if first else last
