"""Tables in Markdown whose cells may hold what others have written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = {**{ord(char): f"\\{char}" for char in "\\`*_[]~|#"}, **{ord(char): f"&#{ord(char)};" for char in "<>&$@"}}
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")


def escape(text: str) -> str:
    """A text as one line that shows it; nothing in it is read as markup."""
    return _SPACE.sub(" ", text).strip().translate(_SPECIAL)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, left: int = 1) -> str:
    """A table; every cell is escaped. The first ``left`` columns hold text, the others numbers."""
    rule = ["-" if index < left else "-:" for index in range(len(columns))]
    body = [[escape("" if cell is None else str(cell)) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in ([escape(column) for column in columns], rule, *body))
