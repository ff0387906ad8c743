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
SENTENCEPIECE_FILES = ("sentencepiece.bpe.model", "spm.model", "source.spm")
VOCABULARY_FILES = (
    "shared_vocabulary.json",
    "shared_vocabulary.txt",
    "target_vocabulary.json",
    "target_vocabulary.txt",
)


class Tokenization(Protocol):
    """A loaded tokenizer. Text that looks like a special token is ordinary text to it."""

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of each text, without language codes and end tokens."""
        ...

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of the pieces."""
        ...


def has_tokenizer(folder: Path) -> bool:
    """Whether the folder holds a tokenizer that :func:`load_tokenization` can read."""
    return any((folder / name).is_file() for name in (TOKENIZER_FILE, *SENTENCEPIECE_FILES))


def load_tokenization(folder: Path) -> Tokenization:
    """The tokenizer of a model's folder; raises DataError where there is none."""
    if (folder / TOKENIZER_FILE).is_file():
        return _FastTokenization(folder / TOKENIZER_FILE)
    for name in SENTENCEPIECE_FILES:
        if (folder / name).is_file():
            return _SentencePieceTokenization(folder / name)
    raise DataError(f"{folder}: no {TOKENIZER_FILE} and no {SENTENCEPIECE_FILES[0]}; put one beside model.bin")


def load_vocabulary(folder: Path) -> list[str]:
    """The tokens of a CTranslate2 model by id (its target side); raises DataError where no such file is."""
    for name in VOCABULARY_FILES:
        path = folder / name
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            return json.loads(text) if path.suffix == ".json" else text.rstrip("\n").split("\n")
    raise DataError(f"{folder}: no vocabulary file ({', '.join(VOCABULARY_FILES)}); is it a CTranslate2 model?")


class _FastTokenization:
    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.encode_special_tokens = True  # "</s>" in a user's text is not the end token
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        return [e.tokens for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def decode(self, pieces: Sequence[str]) -> str:
        if self._tokenizer.decoder is None:
            return "".join(pieces).replace("▁", " ")
        return str(self._tokenizer.decoder.decode(list(pieces)))


class _SentencePieceTokenization:
    def __init__(self, path: Path) -> None:
        import sentencepiece

        self._processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        return self._processor.encode(list(texts), out_type=str)

    def decode(self, pieces: Sequence[str]) -> str:
        return str(self._processor.decode_pieces(list(pieces)))
