"""Which languages are taken for one another."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ...toolkit.languages import Language


@cache
def groups() -> tuple[frozenset[str], ...]:
    """The groups of ``confusables.yaml``, as codes of our languages."""
    import yaml

    text = Path(__file__).with_name("confusables.yaml").read_text(encoding="utf-8")
    return tuple(frozenset(group) for group in yaml.safe_load(text))


@cache
def neighbours(language: Language) -> frozenset[str]:
    """The codes of the languages that a reader or a detector may take this one for."""
    near = (group for group in groups() if language.code in group)
    return frozenset().union(*near) - {language.code}
