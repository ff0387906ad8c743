"""What a family of translation models is: how languages are marked, which text it was trained on, where its limits lie.

An adapter holds no weights and reads no text; an engine asks it. Tokens are strings of the model's vocabulary.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from pathlib import Path
from typing import ClassVar, Literal

from ...toolkit.errors import UsageError
from ...toolkit.languages import Language, all_languages
from ..engines.nllb_text import TEXT_VERSION, normalise, restore

END, UNKNOWN = "</s>", "<unk>"
MARKERS = ("<s>", "<pad>", END, UNKNOWN, "<mask>")
Side = Literal["source", "target"]


class Family:
    """One family. Every one of them ends a text with ``</s>`` and has ``<unk>`` for what its vocabulary lacks.

    ``name`` names it; ``model_type`` is what transformers calls the architecture in config.json. ``target_side`` says
    whether the target language is marked at the head of the source or as the first token of the output; ``written``,
    that the head is part of the text, in the pieces that the tokenizer makes of it. ``positions``: the longest sequence
    where the weights hold no table of positions. ``text_version`` stands for what is done to a text and is part of an
    engine's identity.
    """

    name: ClassVar[str]
    model_type: ClassVar[str]
    target_side: ClassVar[Side] = "target"
    written: ClassVar[bool] = False
    positions: ClassVar[int] = 1024
    text_version: ClassVar[str] = TEXT_VERSION

    @property
    def identity(self) -> dict[str, str]:
        """What of the family decides a hypothesis, beside the model itself."""
        return {"family": self.name, "text": self.text_version}

    def token(self, language: Language, vocabulary: Container[str]) -> str | None:
        """The token that names a language; None: the vocabulary has none."""
        raise NotImplementedError

    def reads(self, language: Language, vocabulary: Container[str]) -> bool:
        """Whether the model knows the language as a source; ``vocabulary`` is the source's."""
        return self.token(language, vocabulary) is not None

    def writes(self, language: Language, vocabulary: Container[str]) -> bool:
        """Whether the model knows the language as a target; ``vocabulary`` is that of :attr:`target_side`."""
        return self.token(language, vocabulary) is not None

    def head(self, source: Language, target: Language, vocabulary: Container[str]) -> list[str]:
        """The tokens before the text of the source; both languages are known to the model."""
        return _present(self.token(source if self.target_side == "target" else target, vocabulary))

    def prefix(self, target: Language, vocabulary: Container[str]) -> list[str]:
        """The tokens that the output is made to begin with."""
        return _present(self.token(target, vocabulary)) if self.target_side == "target" else []

    def is_special(self, token: str) -> bool:
        """Whether a token is no text: the name of a language, a marker, a filler of the embedding table."""
        return token in MARKERS

    def normalise(self, text: str) -> str:
        """A text as the model saw it in training; here by Moses' rules, which most of them were trained with."""
        return normalise(text)

    def restore(self, text: str) -> str:
        """A model's output as people write it."""
        return restore(text)

    @classmethod
    def marks(cls, vocabulary: Collection[str]) -> bool:
        """Whether the vocabulary is one of this family, by the tokens that name its languages."""
        raise NotImplementedError

    @classmethod
    def check(cls, folder: Path) -> None:
        """Raises UsageError where a checkpoint, as transformers writes it, cannot be converted faithfully."""

    @classmethod
    def found_in(cls, folder: Path, name: str) -> Family:
        """The adapter for the model in ``folder``, which ``name`` names."""
        return cls()


def codes_of(language: Language) -> Iterator[str]:
    """Every code by which a vocabulary may name a language, the most exact first (``zh_Hant``, ``cmn_Hant``, ``zh``).

    A bare code is among them only where it means this script: ``zh`` is zh-Hans, never zh-Hant.
    """
    same = [other for other in all_languages() if other.iso639_3 == language.iso639_3]
    bare = dict.fromkeys(code for one in (language, *same) for code in _bare_codes(one))
    own = set(_bare_codes(language)) if _is_default(language) else set()
    yield from (f"{code}_{language.script}" for code in bare)
    yield from (code for code in bare if code in own)


def require(folder: Path, names: tuple[str, ...], why: str) -> None:
    """Raises UsageError, naming ``why``, for the files that a checkpoint's folder lacks."""
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"--model {folder}: it lacks {', '.join(missing)}{why}; copy that file from the model's Hub page"
        )


def _bare_codes(language: Language) -> Iterator[str]:
    """Codes without a script: ISO 639-1 and -3, M2M100's, and those among the aliases, which are in lower case."""
    yield from filter(None, (language.code.partition("-")[0], language.iso639_1, language.iso639_3, language.m2m))
    yield from (alias for alias in language.aliases if alias.islower() and alias.isalpha() and len(alias) <= 3)


def _is_default(language: Language) -> bool:
    """Whether the bare code of a language means it, in its script."""
    bare, _, script = language.code.partition("-")
    return not script or bare in language.aliases or language.iso639_3 in language.aliases


def _present(token: str | None) -> list[str]:
    return [] if token is None else [token]
