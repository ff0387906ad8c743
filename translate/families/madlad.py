"""MADLAD-400 (Kudugunta et al., 2023): a T5 that reads ``<2sw> pieces </s>``; weights under Apache-2.0.

The source language is not marked. The vocabulary is the model's own of 256,000 pieces, with over 400 languages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from pathlib import Path
from typing import Any

from ...toolkit.errors import UsageError
from ...toolkit.files import read_json
from ...toolkit.languages import Language
from ..engines.nllb_text import without_controls
from .base import Family, codes_of, require

_CODE = re.compile(r"<2[A-Za-z]{2,}(_[A-Za-z0-9]+)*>")
_FILLER = re.compile(r"<extra_id_\d+>|<unused_\d+>")


class Madlad(Family):
    """The target is named at the head of the source, ``<2sw>``, by BCP-47 codes with underscores (``<2ms_Arab>``).

    T5's positions are relative, so nothing in the weights ends a sequence; 512 tokens are what the checkpoint's
    config.json states for training (``n_positions``), and more than a sentence has.
    """

    name = "madlad"
    model_type = "t5"
    target_side = "source"
    written = True
    positions = 512
    text_version = "1"

    def token(self, language: Language, vocabulary: Container[str]) -> str | None:
        """``<2code>`` in the first form that the vocabulary has."""
        return next((token for code in codes_of(language) if (token := f"<2{code}>") in vocabulary), None)

    def is_special(self, token: str) -> bool:
        """Markers, language codes and T5's sentinels."""
        return super().is_special(token) or bool(_CODE.fullmatch(token) or _FILLER.fullmatch(token))

    def normalise(self, text: str) -> str:
        """Control characters as spaces; punctuation stays, for it was trained on text as the web has it."""
        return without_controls(text)

    @classmethod
    def marks(cls, vocabulary: Collection[str]) -> bool:
        """Whether it holds ``<2en>`` and the like."""
        return any(_CODE.fullmatch(token) for token in vocabulary)

    @classmethod
    def check(cls, folder: Path) -> None:
        """Refuses a T5 that is no MADLAD-400 and a checkpoint without tokenizer.json.

        From spiece.model alone transformers would make ``<2sw>`` ordinary pieces.
        """
        require(folder, ("tokenizer.json",), " (MADLAD-400), which numbers its languages")
        stored = read_json(folder / "tokenizer.json")
        if not cls.marks(_tokens(stored)):
            raise UsageError(
                f"--model {folder}: a T5 whose vocabulary holds no language tokens of MADLAD-400 (<2sw>); "
                "such a model translates only what it was tuned for"
            )


def _tokens(stored: dict[str, Any]) -> set[str]:
    """The tokens of a tokenizer.json: a Unigram model lists its pieces, the others map them."""
    vocabulary = stored.get("model", {}).get("vocab", ())
    pieces = vocabulary if isinstance(vocabulary, dict) else (piece for piece, _ in vocabulary)
    return {*pieces, *(token["content"] for token in stored.get("added_tokens", ()))}
