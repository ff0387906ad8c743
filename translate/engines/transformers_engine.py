"""The reference: the same models through transformers' own ``generate``, slow, to compare with.

Tokenisation is transformers' own; only the normalisation of the text and the names of the languages are shared with
the default engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from ...toolkit.errors import EnvironmentProblem, UsageError
from ...toolkit.languages import Language
from ..engine import Decoding, Hypothesis, Prepared
from ..families.base import Family
from ..families.registry import checkpoint_family
from .ct2 import decoding_limit

_TYPES = ("float32", "bfloat16", "float16")


class TransformersEngine:
    """A checkpoint folder of any family, decoded by ``generate``; ``compute_type`` is one of torch's.

    Weights and tokenizer are loaded when they are first needed; nothing in the folder is run as code.
    """

    max_n_best = 16
    translates = True
    workers = 1

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        revision: str,
        license: str | None,
        device: str = "auto",
        compute_type: str | None = None,
    ) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            raise EnvironmentProblem(
                f"--model transformers:{name}: {error.name} is missing: install mlt[nllb]"
            ) from error
        self.compute_type = compute_type or "float32"
        if self.compute_type not in _TYPES:
            raise UsageError(f"--compute-type {compute_type}: transformers has {', '.join(_TYPES)}")
        if device == "cuda" and not torch.cuda.is_available():
            raise EnvironmentProblem("--device cuda: no CUDA device found; use --device cpu")
        self.device = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        self.folder, self.name, self.license = folder, name, license
        self.family: Family = checkpoint_family(folder, name)
        self.batch_tokens = 8192 if self.device == "cuda" else 2048
        self.identity: Mapping[str, Any] = {
            "engine": "transformers",
            "engine_version": f"{transformers.__version__}, torch {torch.__version__}",
            "model": name,
            "revision": revision,
            "compute_type": self.compute_type,
            **self.family.identity,
        }

    def supports(self, language: Language) -> bool:
        """Whether the model writes the language."""
        return self.family.writes(language, self._vocabulary)

    def prepare(self, texts: Sequence[str], source: Language, target: Language) -> list[Prepared]:
        """Normalised texts as token ids with source language and end token; ``size`` counts these too."""
        for language, known in ((source, self.family.reads), (target, self.family.writes)):
            if not known(language, self._vocabulary):
                raise self._unknown(language)
        tokenizer = self._tokenizer
        head = ""
        if self.family.target_side == "source":
            head = "".join(f"{token} " for token in self.family.head(source, target, self._vocabulary))
        else:
            tokenizer.src_lang = source.m2m if self._is_m2m else source.flores
        if not texts:
            return []
        rows = tokenizer([head + self.family.normalise(text) for text in texts]).input_ids
        unknown = tokenizer.unk_token_id
        return [
            Prepared(text, ids, len(ids), sum(i == unknown for i in ids)) for text, ids in zip(texts, rows, strict=True)
        ]

    def translate(
        self, batches: Iterable[Sequence[Prepared]], source: Language, target: Language, decoding: Decoding
    ) -> Iterator[list[list[Hypothesis]]]:
        """Decodes batch by batch; a unit longer than the position table has one empty, unended hypothesis."""
        if not self.supports(target):
            raise self._unknown(target)
        first = next((self._vocabulary[token] for token in self.family.prefix(target, self._vocabulary)), None)
        positions = getattr(self._model.config, "max_position_embeddings", self.family.positions)
        for batch in batches:
            sent = [unit for unit in batch if unit.size <= positions]
            decoded = iter(self._decode(sent, first, positions, decoding) if sent else ())
            yield [
                next(decoded) if unit.size <= positions else [Hypothesis("", float("-inf"), ended=False)]
                for unit in batch
            ]

    def close(self) -> None:
        """Unloads the weights."""
        self.__dict__.pop("_model", None)

    @cached_property
    def _tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder, trust_remote_code=False)

    @cached_property
    def _model(self) -> Any:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        model = AutoModelForSeq2SeqLM.from_pretrained(
            self.folder, dtype=getattr(torch, self.compute_type), trust_remote_code=False
        )
        return model.to(self.device).eval()

    @cached_property
    def _is_m2m(self) -> bool:
        return hasattr(self._tokenizer, "lang_code_to_id")

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        languages = self._tokenizer.lang_token_to_id if self._is_m2m else {}
        return {**self._tokenizer.get_vocab(), **languages}

    def _unknown(self, language: Language) -> UsageError:
        return UsageError(f"{language.code} ({language.name}): the vocabulary of {self.name} has no such language")

    def _generate(
        self, batch: Sequence[Prepared], first: int | None, limit: int, decoding: Decoding
    ) -> tuple[Any, Any]:
        import torch

        inputs = self._tokenizer.pad({"input_ids": [unit.pieces for unit in batch]}, return_tensors="pt")
        beams = max(decoding.beam_size, decoding.n_best)
        with torch.inference_mode():
            out = self._model.generate(
                **inputs.to(self.device),
                forced_bos_token_id=first,
                forced_eos_token_id=None,  # Marian's would end what was cut off
                num_beams=beams,
                num_return_sequences=decoding.n_best,
                length_penalty=decoding.length_penalty,
                repetition_penalty=decoding.repetition_penalty,
                do_sample=False,
                max_length=None,
                max_new_tokens=limit,
                return_dict_in_generate=True,
                output_scores=True,
            )
            if beams > 1:
                return out.sequences, out.sequences_scores
            steps = self._model.compute_transition_scores(out.sequences, out.scores, normalize_logits=True)
            written = out.sequences[:, 1:] != self._tokenizer.pad_token_id
            return out.sequences, steps.masked_fill(~written, 0.0).sum(dim=1) / written.sum(dim=1)

    def _decode(
        self, batch: Sequence[Prepared], first: int | None, positions: int, decoding: Decoding
    ) -> list[list[Hypothesis]]:
        limit = decoding_limit(max(unit.size for unit in batch), positions)
        rows, scores = self._generate(batch, first, limit, decoding)
        flat = [self._hypothesis(ids, score) for ids, score in zip(rows.tolist(), scores.tolist(), strict=True)]
        return [flat[i : i + decoding.n_best] for i in range(0, len(flat), decoding.n_best)]

    def _hypothesis(self, ids: list[int], score: float) -> Hypothesis:
        tokenizer = self._tokenizer
        ids = ids[1:]  # decoding starts with the end token
        # transformers 5 no longer takes M2M100's language tokens for special ones.
        languages = set(tokenizer.lang_token_to_id.values()) if self._is_m2m else set()
        text = tokenizer.decode(
            [i for i in ids if i not in languages], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return Hypothesis(
            self.family.restore(text), score, tokenizer.eos_token_id in ids, tokenizer.unk_token_id in ids
        )
