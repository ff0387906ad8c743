"""The default engine: models of every family on CTranslate2 (int8 on CPU cores, half precision on GPUs).

Tokens go in as the family was trained: for NLLB ``[source language] pieces </s>`` with the target language forced as
first output token. CTranslate2 gives no error for a language that the vocabulary lacks and truncates without
a word what is too long; both are checked here.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from ...toolkit.errors import EnvironmentProblem, UsageError
from ...toolkit.languages import Language
from ..devices import available_cores, device_count
from ..engine import Decoding, Hypothesis, Prepared
from ..families.base import END, MARKERS, UNKNOWN, Family
from ..families.registry import find_family
from .tokenization import Tokenization, has_shared_vocabulary, load_tokenization, load_vocabulary

_CUT_OFF = Hypothesis("", float("-inf"), ended=False)


def decoding_limit(longest: int, positions: int) -> int:
    """How many tokens a batch may decode to: 3 times its longest source and 50, within the position table.

    Yoruba, the longest of the usual targets, needs 1.6 tokens for one of English; what goes on past 3 is a loop,
    and comes back with ``ended`` False.
    """
    return min(positions, 3 * longest + 50)


class Ct2Engine:
    """One CTranslate2 model folder.

    ``folder`` holds model.bin, its vocabulary and a tokenizer; ``name`` and ``revision`` say which model that is.
    ``device`` is cpu or cuda, ``compute_type`` one that the device has. ``workers``: decoders side by side, on a
    CPU one thread each (two such are 2.5 times as fast as one with two threads), on GPUs one per device. ``patience``:
    a beam goes on until so many times its size of hypotheses have ended (Kasai et al., 2022); a model's card may ask
    for more than 1. ``family`` says how languages are marked (None: found from the folder, whose vocabulary is then
    read). The tokenizer is read for the first text, the weights for the first batch.
    """

    max_n_best = 16
    translates = True

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        revision: str,
        license: str | None,
        device: str,
        compute_type: str,
        workers: int | None = None,
        notice: str | None = None,
        patience: float = 1.0,
        family: Family | None = None,
    ) -> None:
        import ctranslate2

        self.folder, self.name, self.license, self.notice = folder, name, license, notice
        self.device, self.compute_type, self.patience = device, compute_type, patience
        self.family = family or find_family(folder, name, self._source_ids)
        self.workers = workers or (device_count() if device == "cuda" else available_cores())
        self.batch_tokens = 8192 if device == "cuda" else 2048
        self.identity: Mapping[str, Any] = {
            "engine": "ctranslate2",
            "engine_version": ctranslate2.__version__,
            "model": name,
            "revision": revision,
            "compute_type": compute_type,
            "patience": patience,
            **self.family.identity,
        }

    def supports(self, language: Language) -> bool:
        """Whether the model writes the language; reads the vocabulary file and nothing else."""
        return self.family.writes(language, self._marked_ids)

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """Normalised texts as pieces between the family's head and the end token; ``size`` counts these too."""
        if not self.family.reads(source, self._source_ids):
            raise self._unknown(source)
        self._check_target(target)
        head = self._head(source, target)
        known, normalise = self._source_ids, self.family.normalise
        prepared = []
        for text, pieces in zip(texts, self._tokenization.encode([normalise(t) for t in texts]), strict=True):
            if self.family.written:
                pieces = self._spelled_out(pieces)
            unknown = sum(piece not in known or piece == UNKNOWN for piece in pieces)
            prepared.append(Prepared(text, [*head, *pieces, END], len(head) + len(pieces) + 1, unknown))
        return prepared

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """Decodes each batch as it is given; three batches a worker are drawn ahead of the oldest result.

        A unit longer than the position table is not sent: it has one empty hypothesis with ``ended`` False.
        Raises UsageError for a target that the vocabulary lacks or more hypotheses than ``max_n_best``.
        """
        if not 1 <= decoding.n_best <= self.max_n_best:
            raise UsageError(f"--n-best {decoding.n_best}: expected 1 to {self.max_n_best}")
        self._check_target(target)
        prefix = self.family.prefix(target, self._ids)
        ahead = 3 * self.workers
        waiting: deque[list[Any]] = deque()
        for batch in batches:
            waiting.append(self._submit(batch, prefix, decoding))
            if len(waiting) > ahead:
                yield self._collect(waiting.popleft())
        while waiting:
            yield self._collect(waiting.popleft())

    def close(self) -> None:
        """Unloads the weights; the next batch would load them again."""
        self.__dict__.pop("_translator", None)

    def forget(self) -> None:
        """Gives back the vocabulary and the tokenizer too; they would be read again."""
        for name in ("_ids", "_source_ids", "_special", "_tokenization"):
            self.__dict__.pop(name, None)

    @cached_property
    def positions(self) -> int:
        """The model's longest sequence, in tokens: the length of its table of position encodings, if it has one."""
        with (self.folder / "model.bin").open("rb") as file:
            return position_table_length(file) or self.family.positions

    @property
    def vocabulary(self) -> int:
        """How many words may come out."""
        return len(self._ids)

    @cached_property
    def _ids(self) -> dict[str, int]:
        """The vocabulary of the target side."""
        return {token: index for index, token in enumerate(load_vocabulary(self.folder))}

    @cached_property
    def _source_ids(self) -> dict[str, int]:
        """The vocabulary of the source side; one object with :attr:`_ids` where the sides share it."""
        if has_shared_vocabulary(self.folder):
            return self._ids
        return {token: index for index, token in enumerate(load_vocabulary(self.folder, "source"))}

    @property
    def _marked_ids(self) -> dict[str, int]:
        """The vocabulary in which the target language is marked."""
        return self._ids if self.family.target_side == "target" else self._source_ids

    @cached_property
    def _special(self) -> frozenset[str]:
        """Tokens that are no text: language codes, markers and the fillers of the embedding table."""
        return frozenset({*MARKERS, *filter(self.family.is_special, self._source_ids | self._ids)})

    @cached_property
    def _tokenization(self) -> Tokenization:
        return load_tokenization(self.folder)

    @cached_property
    def _translator(self) -> Any:
        import ctranslate2

        options: dict[str, Any] = {"inter_threads": self.workers, "intra_threads": 1}
        if self.device == "cuda":
            devices = min(self.workers, device_count())
            options = {"device_index": list(range(devices)), "inter_threads": max(1, self.workers // devices)}
        try:
            return ctranslate2.Translator(
                str(self.folder),
                device=self.device,
                compute_type=self.compute_type,
                max_queued_batches=-1,  # translate() bounds what is in flight
                **options,
            )
        except (RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise EnvironmentProblem(f"{self.folder}: CTranslate2 cannot load it: {reason}") from error

    def _head(self, source: Language, target: Language) -> list[str]:
        head = self.family.head(source, target, self._source_ids)
        return [piece for token in head for piece in self._tokenization.mark(token)] if self.family.written else head

    def _spelled_out(self, pieces: list[str]) -> list[str]:
        """``pieces`` with marks that stood in the text letter by letter: a Unigram model knows them as words."""
        marks = self._special - {UNKNOWN}
        if marks.isdisjoint(pieces):
            return pieces
        return [part for piece in pieces for part in (piece if piece in marks else (piece,))]

    def _check_target(self, language: Language) -> None:
        if not self.supports(language):
            raise self._unknown(language)

    def _unknown(self, language: Language) -> UsageError:
        return UsageError(f"{language.code} ({language.name}): the vocabulary of {self.name} has no such language")

    def _submit(self, batch: Sequence[Prepared], prefix: list[str], decoding: Decoding) -> list[Any]:
        """One future a unit, None for a unit that is too long to be sent."""
        sent = [unit for unit in batch if unit.size <= self.positions]
        if not sent:
            return [None] * len(batch)
        futures = iter(
            self._translator.translate_batch(
                [unit.pieces for unit in sent],
                target_prefix=[prefix] * len(sent) if prefix else None,
                asynchronous=True,
                beam_size=max(decoding.beam_size, decoding.n_best),
                patience=self.patience if decoding.beam_size > 1 else 1.0,
                num_hypotheses=decoding.n_best,
                length_penalty=decoding.length_penalty,
                repetition_penalty=decoding.repetition_penalty,
                max_input_length=0,
                min_decoding_length=1 if prefix else 0,  # by default CTranslate2 forbids an empty output
                max_decoding_length=decoding_limit(max(unit.size for unit in sent), self.positions),
                return_end_token=True,
                return_scores=True,
            )
        )
        return [next(futures) if unit.size <= self.positions else None for unit in batch]

    def _collect(self, futures: list[Any]) -> list[list[Hypothesis]]:
        try:
            return [[_CUT_OFF] if future is None else self._hypotheses(future.result()) for future in futures]
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise EnvironmentProblem(
                f"{self.name} failed on {self.device}: {reason}; fewer --workers need less memory"
            ) from error

    def _hypotheses(self, result: Any) -> list[Hypothesis]:
        return [self._hypothesis(tokens, score) for tokens, score in zip(result.hypotheses, result.scores, strict=True)]

    def _hypothesis(self, tokens: list[str], score: float) -> Hypothesis:
        ended = bool(tokens) and tokens[-1] == END
        pieces = [token for token in tokens if token not in self._special]
        return Hypothesis(self.family.restore(self._tokenization.decode(pieces)), score, ended, UNKNOWN in tokens)


def position_table_length(model: BinaryIO) -> int | None:
    """The rows of the table of position encodings in a CTranslate2 ``model.bin``; None: not stored there.

    Reads the headers of the variables (``ModelSpec._serialize`` in ctranslate2/specs/model_spec.py) and skips
    the weights; CTranslate2 itself has no call for it and fails on the first longer input.
    """

    def number(form: str) -> int:
        return int(struct.unpack(form, model.read(struct.calcsize(form)))[0])

    def string() -> str:
        return model.read(number("<H"))[:-1].decode("utf-8")

    try:
        number("<I")
        string()
        number("<I")
        for _ in range(number("<I")):
            name = string()
            dimensions = [number("<I") for _ in range(number("<B"))]
            number("<B")
            if name.endswith("position_encodings/encodings"):  # encoder and decoder share one
                return dimensions[0]
            model.seek(number("<I"), 1)
    except (struct.error, UnicodeDecodeError):
        return None
    return None
