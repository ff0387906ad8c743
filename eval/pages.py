"""Pages of one file: templates filled in with every text escaped, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.html_templates import page_templates, visible
from .numbers import percent, points, probability

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).with_name("templates")
_SHOWN = 1500


def page(template: str, **values: Any) -> bytes:
    """A template filled in, as UTF-8. Lone surrogates become escapes; ``css`` is the pages' style."""
    from markupsafe import Markup

    css = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))
    return _environment().get_template(template).render(values, css=css).encode("utf-8", "backslashreplace")


def shown(text: str | None) -> str:
    """A text to be read: pictures for control characters, and the end of a very long one, where the answer stands."""
    plain = visible(text or "")
    return plain if len(plain) <= _SHOWN else f"… {plain[-_SHOWN:]}"


@cache
def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "percent": percent,
        "points": points,
        "probability": probability,
        "shown": shown,
    }
    return page_templates(_TEMPLATES, filters)
