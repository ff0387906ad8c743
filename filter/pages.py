"""Pages of one file: templates filled in with every text escaped, style and script inside, nothing fetched."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from ..toolkit.html_templates import page_templates

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")
_SHOWN = 700
_CLUSTER_START = regex.compile(r"\X")
# What could end a script element, or be read as the end of a line of script.
_JSON_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def page(template: str, styles: tuple[str, ...], script: str | None = None, **values: Any) -> bytes:
    """A template filled in, as UTF-8. The page may run the style and the script that it holds, and load nothing."""
    from markupsafe import Markup

    css, js = "".join(map(_text, styles)), _text(script) if script else ""
    rules = ["default-src 'none'", f"style-src {_hash(css)}", "base-uri 'none'", "form-action 'none'"]
    if js:
        rules.insert(1, f"script-src {_hash(js)}")
    values |= {"css": Markup(css), "js": Markup(js), "csp": Markup("; ".join(rules))}
    return _environment().get_template(template).render(values).encode("utf-8", "backslashreplace")


def embedded_json(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    from markupsafe import Markup

    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_JSON_ESCAPES))


def number(value: float | None) -> str:
    """A score in three digits, with a true minus; what is nearly nothing is 0."""
    return "" if value is None else f"{0.0 if abs(value) < 1e-4 else value:.3g}".replace("-", "−")


def percent(share: float) -> str:
    """A share as percent. What is not all is never shown as 100 %, what is not none never as 0 %."""
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    return "< 0.1 %" if share < 0.001 else "> 99.9 %" if share > 0.999 else f"{share:.1%}".replace("%", " %")


def sentence(words: str) -> str:
    """Words as a sentence."""
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""


def clipped(text: str, limit: int = _SHOWN) -> tuple[str, str]:
    """A text as its beginning and the rest (empty where it is not long), cut at a space or between graphemes."""
    if len(text) <= limit + 80:
        return text, ""
    space = text.rfind(" ", limit - 80, limit)
    if space > 0:
        return text[:space], text[space:]
    # Graphemes are sought from a little before the limit on: a text is not walked through from its start.
    cut = next((m.start() for m in _CLUSTER_START.finditer(text, limit - 40, limit + 40) if m.start() >= limit), limit)
    return text[:cut], text[cut:]


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "clipped": clipped,
        "json": partial(json.dumps, ensure_ascii=False),
        "number": number,
        "percent": percent,
        "sentence": sentence,
    }
    return page_templates(_TEMPLATES, filters)
