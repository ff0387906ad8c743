"""Text to pieces and back, from the tokenizer files that lie in a model's folder.

``tokenizer.json`` is read by ``tokenizers``, a folder that holds only a SentencePiece model by
``sentencepiece``. Pieces are the strings of the model's vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ...toolkit.errors import DataError

TOKENIZER_FILE = "tokenizer.json"
SENTENCEPIECE_FILES = ("sentencepiece.bpe.model", "spm.model")
SIDED_FILES = ("source.spm", "target.spm")  # Marian: one cuts the source, the other joins the output


class Tokenization(Protocol):
    """A loaded tokenizer. Text that looks like a special token is ordinary text to it."""

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of each text, without language codes and end tokens."""
        ...

    def encode_output(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces in which the target side would write each text; those of :meth:`encode` but for Marian."""
        ...

    def mark(self, token: str) -> list[str]:
        """The pieces that a special token becomes when it is written before a text."""
        ...

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of the pieces."""
        ...


def has_tokenizer(folder: Path) -> bool:
    """Whether the folder holds a tokenizer that :func:`load_tokenization` can read."""
    return any((folder / name).is_file() for name in (TOKENIZER_FILE, *SENTENCEPIECE_FILES)) or _has_sides(folder)


def load_tokenization(folder: Path) -> Tokenization:
    """The tokenizer of a model's folder; raises DataError where there is none."""
    if (folder / TOKENIZER_FILE).is_file():
        return _FastTokenization(folder / TOKENIZER_FILE)
    for name in SENTENCEPIECE_FILES:
        if (folder / name).is_file():
            return _SentencePieceTokenization(folder / name, folder / name)
    if _has_sides(folder):
        return _SentencePieceTokenization(*(folder / name for name in SIDED_FILES))
    raise DataError(f"{folder}: no {TOKENIZER_FILE} and no {SENTENCEPIECE_FILES[0]}; put one beside model.bin")


def has_shared_vocabulary(folder: Path) -> bool:
    """Whether both sides of a CTranslate2 model have one vocabulary."""
    return any((folder / f"shared_vocabulary.{ending}").is_file() for ending in ("json", "txt"))


def load_vocabulary(folder: Path, side: str = "target") -> list[str]:
    """The tokens of a CTranslate2 model by id, on the side named (source or target); DataError where there are none."""
    names = [f"{kind}_vocabulary.{ending}" for kind in ("shared", side) for ending in ("json", "txt")]
    for name in names:
        path = folder / name
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            return json.loads(text) if path.suffix == ".json" else text.rstrip("\n").split("\n")
    raise DataError(f"{folder}: no vocabulary file ({', '.join(names)}); is it a CTranslate2 model?")


class _FastTokenization:
    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.encode_special_tokens = True  # "</s>" in a user's text is not the end token
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        return [e.tokens for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode_output(self, texts: Sequence[str]) -> list[list[str]]:
        return self.encode(texts)

    def mark(self, token: str) -> list[str]:
        self._tokenizer.encode_special_tokens = False
        try:
            text, marked = (
                self._tokenizer.encode(text, add_special_tokens=False).tokens for text in ("a", f"{token} a")
            )
        finally:
            self._tokenizer.encode_special_tokens = True
        return marked[: len(marked) - len(text)]

    def decode(self, pieces: Sequence[str]) -> str:
        if self._tokenizer.decoder is None:
            return "".join(pieces).replace("▁", " ")
        return str(self._tokenizer.decoder.decode(list(pieces)))


def _has_sides(folder: Path) -> bool:
    return all((folder / name).is_file() for name in SIDED_FILES)


class _SentencePieceTokenization:
    def __init__(self, source: Path, target: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self._source = SentencePieceProcessor(model_file=str(source))
        self._target = self._source if target == source else SentencePieceProcessor(model_file=str(target))

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        return self._source.encode(list(texts), out_type=str)

    def encode_output(self, texts: Sequence[str]) -> list[list[str]]:
        return self._target.encode(list(texts), out_type=str)

    def mark(self, token: str) -> list[str]:
        return [token]

    def decode(self, pieces: Sequence[str]) -> str:
        # A piece that only the source has is no word to the target's model, and comes back with its mark of a space.
        return str(self._target.decode_pieces(list(pieces))).replace("▁", " ")
