"""NLLB-200 (NLLB Team, 2022): ``eng_Latn pieces </s>`` to ``swh_Latn pieces </s>``; weights under CC-BY-NC-4.0."""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from pathlib import Path

from ...toolkit.languages import Language
from .base import Family, require
from .m2m100 import is_filler

_CODE = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")


class Nllb(Family):
    """Both languages are named by FLORES-200 codes."""

    name = "nllb"
    model_type = "m2m_100"

    @property
    def identity(self) -> dict[str, str]:
        """The text alone: the runs and caches of NLLB are older than families."""
        return {"text": self.text_version}

    def token(self, language: Language, vocabulary: Container[str]) -> str | None:
        """The FLORES-200 code."""
        return language.flores if language.flores in vocabulary else None

    def is_special(self, token: str) -> bool:
        """Markers, FLORES-200 codes and fillers."""
        return super().is_special(token) or bool(_CODE.fullmatch(token)) or is_filler(token)

    @classmethod
    def marks(cls, vocabulary: Collection[str]) -> bool:
        """Whether it holds FLORES-200 codes."""
        return any(_CODE.fullmatch(token) for token in vocabulary)

    @classmethod
    def check(cls, folder: Path) -> None:
        """Refuses a checkpoint whose own numbering of the languages cannot be known.

        From a SentencePiece model alone, transformers 5 puts <mask> before NLLB's languages and transformers 4
        after them: each language would become its neighbour, without an error.
        """
        if not (folder / "vocab.json").is_file():  # M2M100's leaves no such doubt
            require(folder, ("tokenizer.json",), " (NLLB) or vocab.json (M2M100), which numbers its languages")
