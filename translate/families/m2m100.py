"""M2M100 (Fan et al., 2021): ``__en__ pieces </s>`` to ``__sw__ pieces </s>``; weights under the MIT licence."""

from __future__ import annotations

import re
from collections.abc import Collection, Container

from ...toolkit.languages import Language
from .base import Family

_CODE = re.compile(r"__[a-z]{2,3}__")
_FILLER = re.compile(r"madeupword\d+")


class M2M100(Family):
    """Both languages are named by ``__code__``."""

    name = "m2m100"
    model_type = "m2m_100"

    @property
    def identity(self) -> dict[str, str]:
        """The text alone: the runs and caches of M2M100 are older than families."""
        return {"text": self.text_version}

    def token(self, language: Language, vocabulary: Container[str]) -> str | None:
        """M2M100's code between double underscores."""
        token = f"__{language.m2m}__"
        return token if language.m2m and token in vocabulary else None

    def is_special(self, token: str) -> bool:
        """Markers, language codes and fillers."""
        return super().is_special(token) or bool(_CODE.fullmatch(token)) or is_filler(token)

    @classmethod
    def marks(cls, vocabulary: Collection[str]) -> bool:
        """Whether it holds such codes."""
        return any(_CODE.fullmatch(token) for token in vocabulary)


def is_filler(token: str) -> bool:
    """Whether a token only fills the embedding table, as fairseq's tables were filled."""
    return bool(_FILLER.fullmatch(token))
