"""The sides that the pipeline is measured against: CTranslate2 called directly, and transformers at its best."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE, TARGET = "eng_Latn", "tha_Thai"
LANGUAGE = "th"
LONGEST = 256  # CTranslate2's default: the outputs here are shorter
Tokens = list[list[str]]


def tokenizer(hf: Path) -> Any:
    """The model's tokenizer as transformers loads it."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(hf, src_lang=SOURCE)


def tokenise(loaded: Any, texts: Sequence[str]) -> Tokens:
    """Source tokens as CTranslate2's guide for NLLB makes them."""
    return [loaded.convert_ids_to_tokens(ids) for ids in loaded(list(texts))["input_ids"]]


class Raw:
    """CTranslate2 itself. Without options: everything as its constructor and ``translate_batch`` have it by default."""

    def __init__(self, folder: Path, **options: Any) -> None:
        import ctranslate2

        self._translator = ctranslate2.Translator(str(folder), **options)

    def translate(self, sources: Tokens, **options: Any) -> list[list[str]]:
        """One call of ``translate_batch``: the best hypothesis of each source, without the language's token."""
        results = self._translator.translate_batch(sources, target_prefix=[[TARGET]] * len(sources), **options)
        return [result.hypotheses[0][1:] for result in results]


class Transformers:
    """``generate``, sorted by length, on all cores; as it stands at its best on a CPU: bfloat16, 32 texts a batch."""

    batch = 32

    def __init__(self, hf: Path, dtype: str = "bfloat16") -> None:
        import torch
        from transformers import M2M100ForConditionalGeneration
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        torch.set_num_threads(os.cpu_count() or 1)
        self._torch = torch
        self._tokenizer = tokenizer(hf)
        self._model = M2M100ForConditionalGeneration.from_pretrained(hf, dtype=getattr(torch, dtype)).eval()

    def translate(self, texts: Sequence[str], beam_size: int) -> list[str]:
        """Tokenised, generated and decoded, in the order given."""
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        out = [""] * len(texts)
        for start in range(0, len(order), self.batch):
            chosen = order[start : start + self.batch]
            batch = self._tokenizer([texts[index] for index in chosen], return_tensors="pt", padding=True)
            with self._torch.inference_mode():
                ids = self._model.generate(
                    **batch,
                    forced_bos_token_id=self._tokenizer.convert_tokens_to_ids(TARGET),
                    num_beams=beam_size,
                    do_sample=False,
                    max_new_tokens=LONGEST,
                )
            for index, text in zip(chosen, self._tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True):
                out[index] = text
        return out
