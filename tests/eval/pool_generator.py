"""A model of a test's own: what it answers depends on the batch, and it does to its process what the items ask for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from mlt.eval.engine import Output
from mlt.eval.items import Item


class PoolGenerator:
    """Asks the longest prompts first, ``batch_size`` together. An answer is right where the gold is even, and names all
    items of its batch, as padding would leave its mark on all of them.

    Items with ``KILLONCE`` kill their process the first time, ``RAISE`` raises, ``SLOW`` takes its time. What has
    happened stands in the folder that MLT_POOL_TEST names; a file ``mended`` there ends the trouble, ``quick`` the
    waiting.
    """

    def __init__(self, name: str = "pool", batch_size: int = 3) -> None:
        self.identity: dict[str, Any] = {"backend": "own", "model": {"name": name}}
        self.asked: list[str] = []
        self._size = batch_size

    def generate(
        self, prompts: Sequence[Item], *, max_new_tokens: int, done: Collection[int] = ()
    ) -> Iterator[tuple[int, Output]]:
        for batch in self.batches(prompts):
            if set(done).issuperset(batch):
                continue
            for index in batch:
                act(prompts[index])
            together = " ".join(prompts[index].id for index in batch)
            for index in batch:
                if index not in done:
                    self.asked.append(prompts[index].key)
                    yield index, Output(f"{together}: {_said(prompts[index])}", "stop", 5, 4)

    def batches(self, prompts: Sequence[Item]) -> list[list[int]]:
        order = sorted(range(len(prompts)), key=lambda index: (-len(prompts[index].prompt), prompts[index].key))
        return [order[start : start + self._size] for start in range(0, len(order), self._size)]

    def close(self) -> None: ...


def open_pool(model: str, *, batch_size: int = 3, **_: Any) -> PoolGenerator:
    return PoolGenerator(Path(model).name, batch_size)


def act(item: Item) -> None:
    if "MLT_POOL_TEST" not in os.environ:
        return
    notes, text = Path(os.environ["MLT_POOL_TEST"]), item.prompt
    if "SLOW" in text and not (notes / "quick").exists():
        (notes / f"slow-{item.lang}").touch()
        time.sleep(1)
    if (notes / "mended").exists():
        return
    if "RAISE" in text:
        raise RuntimeError("this item cannot be answered")
    if "KILLONCE" in text and not (notes / "killed").exists():
        (notes / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


def _said(item: Item) -> str:
    gold = item.gold.answer or "0"
    return f"the answer is {gold}." if int(gold) % 2 == 0 else "no idea."
