"""OPUS-MT (Tiedemann and Thottingal, 2020): Marian models of a pair of languages, or of one and a group.

A model of a pair reads ``pieces </s>``; one with several targets reads ``>>swh<< pieces </s>``. Pieces come from
source.spm and are put together by target.spm. Licences stand on the models' own pages (CC-BY-4.0 as a rule).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from pathlib import Path
from typing import Any

from ...toolkit.errors import UsageError
from ...toolkit.files import read_json
from ...toolkit.languages import Language, resolve
from ..engines.tokenization import SIDED_FILES
from .base import Family, codes_of, require
from .opus_models import OPUS_CODES

CONFIG = "tokenizer_config.json"
_OURS = {opus: code for code, opus in OPUS_CODES.items() if opus != code.partition("-")[0]}
_CODE = re.compile(r">>[^<>]+<<")
_NAME = re.compile(r"opus-mt-(?:tc-[a-z]+-)?([A-Za-z]{2,3})-([A-Za-z]{2,3}(?:_[A-Za-z]+)?)")


class Marian(Family):
    """``source`` and ``target`` are codes of the pair, None where they are not known or a whole group."""

    name = "marian"
    model_type = "marian"
    target_side = "source"
    positions = 512

    def __init__(self, source: str | None = None, target: str | None = None) -> None:
        self.source, self.target = source, target

    def token(self, language: Language, vocabulary: Container[str]) -> str | None:
        """``>>code<<`` in the first form that the vocabulary has; None in a model of one pair."""
        return next((token for code in codes_of(language) if (token := f">>{code}<<") in vocabulary), None)

    def reads(self, language: Language, vocabulary: Container[str]) -> bool:
        """Whether it is the pair's source; a group of sources is taken at its word."""
        return self.source is None or _means(self.source, language)

    def writes(self, language: Language, vocabulary: Container[str]) -> bool:
        """Whether it is the pair's target, or has a token."""
        if self.token(language, vocabulary) is not None:
            return True
        return self.target is not None and _means(self.target, language)

    def is_special(self, token: str) -> bool:
        """Markers and ``>>code<<``."""
        return super().is_special(token) or bool(_CODE.fullmatch(token))

    @classmethod
    def marks(cls, vocabulary: Collection[str]) -> bool:
        """Never: a pair needs no token, so Marian's models are known by their two SentencePiece files."""
        return False

    @classmethod
    def check(cls, folder: Path) -> None:
        """Refuses a checkpoint without its three files of pieces, or with a vocabulary a side."""
        require(folder, ("vocab.json", *SIDED_FILES), " (OPUS-MT)")
        if _config(folder).get("separate_vocabs"):
            raise UsageError(
                f"--model {folder}: an OPUS-MT model with a vocabulary a side cannot be converted; "
                "use one that shares its vocabulary"
            )

    @classmethod
    def found_in(cls, folder: Path, name: str) -> Family:
        """The pair as tokenizer_config.json states it, else as the model's name does."""
        config, named = _config(folder), _NAME.fullmatch(name.rpartition("/")[2])
        codes = [config.get("source_lang"), config.get("target_lang")]
        if named:
            codes = [code or named[index] for index, code in enumerate(codes, 1)]
        return cls(*(code if isinstance(code, str) and _known(code) else None for code in codes))


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    return read_json(path) if path.is_file() else {}


def _known(code: str) -> Language | None:
    """The language of a code; None for a group (``mul``, ``ROMANCE``), which has no language of its own."""
    try:
        return resolve(_OURS.get(code, code)).language
    except UsageError:
        return None


def _means(code: str, language: Language) -> bool:
    found = _known(code)
    return found is not None and found.code == language.code
