"""The study's pages: templates filled in with every text escaped, in the style of all pages and their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....toolkit.html_templates import page_templates
from ...pages import shown
from .tables import anchor, evidence_link, interval_text, shade, value_text

if TYPE_CHECKING:
    from jinja2 import Environment

# One above both folders of templates: the macros of the evaluation's pages are used here too.
_ROOT = Path(__file__).parents[2]
_STYLES = ("templates/report.css", "study/report/templates/study.css")


def study_page(template: str, **values: Any) -> bytes:
    """A template of eval/study/report/templates filled in, as UTF-8. Lone surrogates become escapes."""
    from markupsafe import Markup

    css = Markup("\n".join((_ROOT / name).read_text(encoding="utf-8") for name in _STYLES))
    found = _environment().get_template(f"study/report/templates/{template}")
    return found.render(values, css=css).encode("utf-8", "backslashreplace")


@cache
def _environment() -> Environment:
    filters: dict[str, Callable[..., Any]] = {
        "anchor": anchor,
        "evidence": evidence_link,
        "interval": interval_text,
        "shade": shade,
        "shown": shown,
        "value": value_text,
    }
    return page_templates(_ROOT, filters)
