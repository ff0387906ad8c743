"""Which words of a vocabulary a translation into one language can need.

Kept on both sides, whatever the language: what is no text (language codes, end and unknown), byte pieces, digits,
punctuation and symbols, and single characters of every script. Input words outside the list are spelled with those
inside (:mod:`mlt.translate.shortlist.spelling`), so that no text becomes ``<unk>`` that was none before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import regex

from ...toolkit.checks.script import script_class
from ...toolkit.languages import ENGLISH, Language
from ..engines.ct2 import Ct2Engine
from ..engines.tokenization import load_vocabulary

Kind = Literal["script", "learned"]

_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_MARKERS = ("bos_token", "eos_token", "unk_token", "decoder_start_token")
# The longest piece of Latin or of the target's script that is in a list in any case, by how wide the list is made. A
# list of 32,000 words costs little more than one of 16,000; learned lists must spell what was not seen so far.
_SHORT: Mapping[Kind, tuple[int, ...]] = {"script": (1, 3, 6), "learned": (3, 4, 6)}
_SHORT_SOURCE = 3
_JOINED = "。"  # stands for a word of a language that writes no spaces
_SPACE = "▁"  # SentencePiece's mark of a word's beginning
WIDEST = 2


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Ids, ascending, of the full model's words: ``target`` may come out, ``source`` may go in."""

    kind: Kind
    target: tuple[int, ...]
    source: tuple[int, ...]

    @property
    def hash(self) -> str:
        """blake2b, in hex, over both lists: with the model's revision it says which model is cut out."""
        digest = blake2b(digest_size=16)
        for ids in (self.target, self.source):
            digest.update(len(ids).to_bytes(4, "little") + b"".join(i.to_bytes(4, "little") for i in ids))
        return digest.hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A plain object, from which :meth:`from_json` makes an equal list."""
        return {"kind": self.kind, "target": list(self.target), "source": list(self.source)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Shortlist:
        """The list that :meth:`to_json` wrote."""
        return cls(value["kind"], tuple(value["target"]), tuple(value["source"]))


def script_list(engine: Ct2Engine, target: Language, sent: Collection[str], *, width: int = 0) -> Shortlist:
    """Every piece of the target's script, and every piece that is sent (names are copied).

    For languages whose script is not Latin: output in another script would be rejected as such. ``sent`` are
    :func:`source_pieces`; ``width``, 0 to :data:`WIDEST`, adds Latin pieces of up to 3 or 6 characters.
    """
    own = _only(script_class(target.script))
    return _list(engine, "script", target, sent, [word for word in engine._ids if own(word)], width)


def learned_list(
    engine: Ct2Engine, target: Language, sent: Collection[str], seen: Collection[str], *, width: int = 0
) -> Shortlist:
    """The pieces ``seen`` in the language's own outputs, those that are sent, and all short ones.

    For languages in Latin script, which most of a vocabulary is. ``width``, 0 to :data:`WIDEST`, says what is
    short: 3, 4 or 6 characters.
    """
    return _list(engine, "learned", target, sent, seen, width)


def source_pieces(engine: Ct2Engine, texts: Sequence[str], target: Language) -> set[str]:
    """The pieces that a model is sent for ``texts``, and those of their words where they are copied.

    A name comes out in other pieces than it went in where the target writes no spaces: Arjun is ▁Arjun in English, but
    A and rjun behind a Japanese word.
    """
    sent = {piece for unit in engine.prepare(texts, ENGLISH, target) for piece in unit.pieces}
    words = {word for text in texts for word in text.split()}
    return sent | text_pieces(engine, sorted(words)) | text_pieces(engine, sorted(_JOINED + word for word in words))


def text_pieces(engine: Ct2Engine, texts: Sequence[str]) -> set[str]:
    """The pieces of texts in any language: of a model's outputs, for :func:`learned_list`."""
    return {piece for pieces in engine._tokenization.encode_output(list(texts)) for piece in pieces}


def _list(
    engine: Ct2Engine, kind: Kind, target: Language, sent: Collection[str], own: Collection[str], width: int
) -> Shortlist:
    special = _special(engine)
    latin = script_class(ENGLISH.script)
    wanted = {*sent, *own, *special}
    short = _SHORT[kind][width]
    out = _ids(load_vocabulary(engine.folder), wanted, _always(latin + script_class(target.script), short))
    words = load_vocabulary(engine.folder, "source")
    kept = _ids(words, {*sent, *special}, _always(latin, _SHORT_SOURCE))
    return Shortlist(kind, tuple(out), tuple(_spelling_all(words, kept)))


def _ids(words: Sequence[str], wanted: Collection[str], always: Any) -> list[int]:
    return [i for i, word in enumerate(words) if word in wanted or always(word)]


def _special(engine: Ct2Engine) -> set[str]:
    """Tokens that are no text, and byte pieces."""
    config = engine.folder / "config.json"
    named = json.loads(config.read_text(encoding="utf-8")) if config.is_file() else {}
    markers = {named[key] for key in _MARKERS if isinstance(named.get(key), str)}
    return {*engine._special, *markers, *(word for word in engine._ids if _BYTE.fullmatch(word))}


def _always(letters: str, short: int) -> Callable[[str], object]:
    """Whether a piece is of no letters, a single character, or at most ``short`` characters of ``letters``."""
    # Marks that belong to no script of their own are as good as letters of any.
    pattern = rf"{_SPACE}*(?:[^\p{{L}}\p{{M}}]*|.?|[{letters}\p{{sc=Zinh}}]{{0,{short}}})"
    return regex.compile(pattern, regex.V1 | regex.DOTALL).fullmatch


def _only(letters: str) -> Callable[[str], object]:
    """Whether a piece is of ``letters`` and of what is no letter."""
    return regex.compile(rf"(?:[{letters}\p{{sc=Zinh}}\p{{sc=Zyyy}}]|[^\p{{L}}\p{{M}}])*", regex.V1).fullmatch


def _spelling_all(words: Sequence[str], kept: Collection[int]) -> list[int]:
    """``kept`` and those words that could not be spelled with it, for they hold a character that is no word."""
    alone = {words[i] for i in kept if len(words[i]) == 1}
    return sorted({*kept, *(i for i, word in enumerate(words) if not alone.issuperset(word))})
