"""Which COMET model judges which language, and what a model is named by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...toolkit.errors import UsageError
from ...toolkit.languages import resolve

# In order of preference. African languages go to the model that was trained on human judgements of them.
DEFAULT_MODELS = ("McGill-NLP/ssa-comet-qe", "Unbabel/wmt20-comet-qe-da")

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model with what is known of it before anything is fetched. ``languages`` are codes."""

    name: str
    license: str
    gated: bool
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Spec:
    """A model as it was asked for: a Hub id and revision, or a path (then ``revision`` is None).

    ``languages``: the codes it may judge; None: every one.
    """

    text: str
    name: str
    revision: str | None
    path: Path | None
    languages: frozenset[str] | None
    license: str | None

    def covers(self, lang: str) -> bool:
        """Whether the model may judge a language."""
        return self.languages is None or lang in self.languages


@cache
def known_models() -> tuple[KnownModel, ...]:
    """The models of ``models.yaml``."""
    import yaml

    values: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("models.yaml").read_text(encoding="utf-8"))
    encoders = {name: frozenset(codes.split()) for name, codes in values["encoders"].items()}
    return tuple(
        KnownModel(entry["name"], entry["license"], entry.get("gated", False), encoders[entry["encoder"]])
        for entry in values["models"]
    )


def parse_spec(text: str) -> Spec:
    """The model that ``text`` names: a path to a checkpoint (``.ckpt``, or the folder that holds ``hparams.yaml``),
    with ``@sw,yo`` behind it where it shall judge those languages only; a Hub id (``owner/name``,
    ``owner/name@revision``); or the name of a known model without its owner.

    A known model judges the languages that its encoder has read, any other every language. Raises UsageError for
    what names nothing and for an unknown language.
    """
    path, _, languages = text.rpartition("@") if "@" in text else (text, "", "")
    for place, wanted in ((text, ""), (path, languages)):
        if place and (folder := Path(place).expanduser()).exists():
            codes = frozenset(resolve(code).language.code for code in wanted.split(",") if code.strip())
            return Spec(text, folder.resolve().name, None, folder.resolve(), codes or None, None)
    name, _, revision = text.partition("@")
    known = next((m for m in known_models() if name.lower() in (m.name.lower(), m.name.lower().split("/")[1])), None)
    if known:
        return Spec(text, known.name, revision or None, None, known.languages, known.license)
    if _HUB_ID.fullmatch(text) and not text.startswith((".", "~")):
        return Spec(text, name, revision or None, None, None, None)
    names = ", ".join(model.name for model in known_models())
    raise UsageError(f"--qe {text}: no such checkpoint; expected a folder, a .ckpt file, a Hub id, or one of {names}")


def route(specs: Sequence[Spec], lang: str) -> Spec | None:
    """The first model that may judge a language; None where none may."""
    return next((spec for spec in specs if spec.covers(lang)), None)
