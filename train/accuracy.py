"""Task accuracy on held-out items, as the evaluation scores it: what the kept checkpoint is chosen by.

The paper keeps the checkpoint with the highest mean validation accuracy over the mixture's languages, not the one with
the lowest loss: the loss is lower for a model that is sure of the words and wrong in the number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit.errors import UsageError
from ..toolkit.files import write_atomic
from ..toolkit.languages import resolve
from .train_folder import VALIDATION

if TYPE_CHECKING:
    from ..eval.items import Item

METRIC = "eval_task_accuracy"
"""The mean over languages; a language's own is ``eval_task_accuracy_sw``."""


CHOICE = "eval_choice"
"""What the kept checkpoint has the highest of; see :func:`choice`."""

_TIE = 1e-6  # far less than one item of a sample changes the mean by


def choice(metrics: Mapping[str, float], loss: float) -> float:
    """The mean accuracy; of equal ones, which are common on a small sample, that with the lower loss is higher."""
    return metrics[METRIC] - _TIE * (loss / (1 + loss) if math.isfinite(loss) else 1.0)


def chosen_items(items: Sequence[Item], per_language: int | None, seed: int) -> list[Item]:
    """At most ``per_language`` items of each language (None: all), the same ones wherever languages share them."""
    by_lang: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: (_rank(item.id, seed), item.id)):
        by_lang.setdefault(item.lang, []).append(item)
    return [item for lang in sorted(by_lang) for item in by_lang[lang][:per_language]]


@dataclass(frozen=True)
class TaskAccuracy:
    """Lets a model write the answers to held-out items and scores them.

    ``chat``: items are put to the model as messages. ``folder``: that of the training, where the first process writes
    the samples of each evaluation. ``together``: every process must generate in step with the others, as it must where
    each holds a part of the weights; else each generates its share.
    """

    items: Sequence[Item]
    tokenizer: Any
    batch_size: int
    max_new_tokens: int
    chat: bool
    folder: Path
    rank: int = 0
    world_size: int = 1
    together: bool = False

    def __call__(self, model: Any, step: int) -> dict[str, float]:
        """The metrics of a model after ``step`` optimiser steps: :data:`METRIC` and one a language."""
        samples = self._samples(model)
        if self.rank == 0:
            lines = "".join(json.dumps(sample, ensure_ascii=False) + "\n" for sample in samples)
            path = self.folder / VALIDATION / f"step-{step:06d}.jsonl"
            write_atomic(path, lines.encode("utf-8", "backslashreplace"))
        return metrics_of(samples)

    def _samples(self, model: Any) -> list[dict[str, Any]]:
        shared = self.world_size > 1 and not self.together
        own = list(self.items[self.rank :: self.world_size]) if shared else list(self.items)
        samples = self._generate(model, own)
        if not shared:
            return samples
        import torch

        gathered: list[list[dict[str, Any]]] = [[] for _ in range(self.world_size)]
        torch.distributed.all_gather_object(gathered, samples)
        order = {item.key: place for place, item in enumerate(self.items)}
        return sorted((sample for part in gathered for sample in part), key=lambda sample: order[sample["key"]])

    def _generate(self, model: Any, items: list[Item]) -> list[dict[str, Any]]:
        from ..eval.engines.transformers import HfGenerator
        from ..eval.score import score

        generator = HfGenerator(model, self.tokenizer, batch_size=self.batch_size, chat=self.chat)
        outputs = dict(generator.generate(items, max_new_tokens=self.max_new_tokens))
        # Rows of a file need not name a language that there are rules for: those of English are taken.
        rules = {lang: lang if _is_known(lang) else "en" for lang in {item.lang for item in items}}
        samples = (score(replace(item, lang=rules[item.lang]), outputs[place]) for place, item in enumerate(items))
        return [sample | {"lang": item.lang} for item, sample in zip(items, samples, strict=True)]


def metrics_of(samples: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Samples as metrics: every language counts the same in the mean, however many items it has."""
    from ..eval.score import accuracy

    by_lang: dict[str, list[float]] = {}
    for found in accuracy(samples).values():
        for lang, share in found.items():
            by_lang.setdefault(lang, []).append(share)
    shares = {lang: sum(found) / len(found) for lang, found in sorted(by_lang.items())}
    if not shares:
        return {}
    return {METRIC: sum(shares.values()) / len(shares)} | {f"{METRIC}_{lang}": share for lang, share in shares.items()}


def languages_of(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The accuracy of each language among an evaluation's metrics."""
    prefix = f"{METRIC}_"
    return {name.removeprefix(prefix): value for name, value in metrics.items() if name.startswith(prefix)}


def _is_known(lang: str) -> bool:
    try:
        resolve(lang)
    except UsageError:
        return False
    return True


def _rank(name: str, seed: int) -> bytes:
    return blake2b(f"{seed}:{name}".encode(), digest_size=16).digest()
