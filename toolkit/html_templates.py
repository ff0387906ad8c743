"""HTML pages from templates: every text is escaped, and a name that is not given is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

_CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: 0x2421}


def page_templates(folder: Path, filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """The templates of a folder, with ``count`` (1,234), ``visible`` and a stage's own filters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(folder, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": "{:,}".format, "visible": visible, **filters}
    return environment


def visible(text: str) -> str:
    """A text with pictures for control characters, which have no place in HTML."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)
