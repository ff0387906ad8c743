"""The int8 matrix products of this machine's cores, and how many of them the model of NLLB-600M's shape needs.

CTranslate2 gives no access to its own; torch's run on the same instructions. Measured are products of 64 rows with the
model's three shapes, by every way that torch has, on all cores at once: one product on all threads, and one product a
thread. The highest counts.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

M = 64
WIDTH, INNER, LAYERS = 1024, 4096, 12
SHAPES = ((WIDTH, WIDTH), (WIDTH, INNER), (INNER, WIDTH))
SECONDS = 0.5
Multiply = Callable[[], Any]


def multiply_adds(source_tokens: int, target_tokens: int, words: int, beam: int = 1) -> int:
    """The int8 multiply-adds that a translation cannot do without: matrix products with weights, nothing padded.

    Encoder: 4 products of the width squared and 8 more in the feed-forward layer, and the keys and values of the
    decoder's cross-attention. Decoder: 6 and 8 a step and hypothesis, and the projection onto ``words``. Attention
    itself is computed in floating point and not counted.
    """
    square = WIDTH * WIDTH
    source = LAYERS * (4 + 8 + 2) * square
    step = LAYERS * (6 + 8) * square + words * WIDTH
    return source_tokens * source + target_tokens * beam * step


def peak(cores: int) -> dict[str, float]:
    """Multiply-adds a second on ``cores`` of each way, over the three shapes together; what is not here is left out."""
    import torch

    before, engine, rates = torch.get_num_threads(), torch.backends.quantized.engine, {}
    try:
        for name, make in _ways():
            try:
                products = [make(inner, outer) for inner, outer in SHAPES]
            except RuntimeError:
                continue
            torch.set_num_threads(cores)
            rates[f"{name}, one product on all threads"] = _rate(products, 1)
            torch.set_num_threads(1)
            rates[f"{name}, a product a thread"] = _rate(products, cores)
    finally:
        torch.set_num_threads(before)
        torch.backends.quantized.engine = engine
    return rates


def _ways() -> Iterator[tuple[str, Callable[[int, int], Multiply]]]:
    import torch

    def int_mm(inner: int, outer: int) -> Multiply:
        rows = torch.randint(-128, 127, (M, inner), dtype=torch.int8)
        weights = torch.randint(-128, 127, (outer, inner), dtype=torch.int8).t()
        torch._int_mm(rows, weights)
        return lambda: torch._int_mm(rows, weights)

    yield "torch._int_mm", int_mm
    for engine in torch.backends.quantized.supported_engines:
        if engine in ("fbgemm", "x86", "onednn"):
            yield f"quantized linear, {engine}", partial(_linear, engine)


def _linear(engine: str, inner: int, outer: int) -> Multiply:
    import torch

    torch.backends.quantized.engine = engine
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch is to lose its quantised tensors
        weights = torch.quantize_per_tensor(torch.randn(outer, inner), 0.02, 0, torch.qint8)
        rows = torch.quantize_per_tensor(torch.randn(M, inner), 0.02, 64, torch.quint8)
    packed = torch.ops.quantized.linear_prepack(weights, None)
    return lambda: torch.ops.quantized.linear(rows, packed, 1.0, 0)


def _rate(products: list[Multiply], threads: int) -> float:
    """Each thread multiplies all shapes in turn until the time is over."""

    def until(end: float) -> int:
        rounds = 0
        while time.perf_counter() < end:
            for product in products:
                product()
            rounds += 1
        return rounds

    until(time.perf_counter() + SECONDS / 5)
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        rounds = sum(pool.map(until, [started + SECONDS] * threads))
    took = time.perf_counter() - started
    return rounds * sum(M * inner * outer for inner, outer in SHAPES) / took
