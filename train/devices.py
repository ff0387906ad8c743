"""The device that trains, and the number types that it computes and keeps weights in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..toolkit.errors import EnvironmentProblem
from .recipe import Recipe

Dtype = Literal["bfloat16", "float16", "float32"]


@dataclass(frozen=True, slots=True)
class Device:
    """``kind`` is cpu or cuda, ``memory`` bytes in all (of one device), ``count`` how many there are alike, ``dtype``
    the fastest type that it trains in."""

    kind: Literal["cpu", "cuda"]
    name: str
    memory: int
    count: int
    dtype: Dtype


def find_device(name: str = "auto") -> Device:
    """The device of a name: ``cpu``, ``cuda``, or ``auto`` for a GPU where there is one.

    Without torch there is only the CPU. Raises EnvironmentProblem where cuda is asked for and there is none.
    """
    cuda = None if name == "cpu" else _cuda()
    if name == "cuda" and cuda is None:
        raise EnvironmentProblem("no CUDA device found: train on the CPU, or install a torch that sees the GPU")
    # bfloat16 on a CPU is emulated, and slower, on all but the newest; float32 also makes a resumed run exact.
    return cuda or Device("cpu", "CPU", _main_memory(), 1, "float32")


def compute_dtype(recipe: Recipe, device: Device) -> Dtype:
    """What a recipe's sums are done in on a device. EnvironmentProblem for bfloat16 on a GPU without it."""
    if recipe.dtype == "auto":
        return device.dtype
    if recipe.dtype == "float16" and device.kind == "cpu":
        raise EnvironmentProblem("dtype float16 trains on a GPU only; set dtype=float32 or dtype=bfloat16")
    if recipe.dtype == "bfloat16" and device.kind == "cuda" and device.dtype != "bfloat16":
        raise EnvironmentProblem(f"{device.name} has no bfloat16; set dtype=float16 or dtype=float32")
    return recipe.dtype


def weight_dtype(recipe: Recipe, device: Device) -> Dtype:
    """What a recipe's model is loaded in.

    Weights that are trained stay float32: next to one of 0.02 bfloat16 cannot hold a step of 1e-5, and most of what is
    learned would be rounded away. Frozen ones are in the type of the computation. Adapters are float32 by themselves.
    Raises as :func:`compute_dtype` does.
    """
    computed = compute_dtype(recipe, device)
    return "float32" if recipe.method == "full" else computed


def _cuda() -> Device | None:
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    index = torch.cuda.current_device()
    properties = torch.cuda.get_device_properties(index)
    # Before Ampere (8.0) bfloat16 is emulated, which torch would count as support.
    dtype: Dtype = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    return Device("cuda", properties.name, properties.total_memory, torch.cuda.device_count(), dtype)


def _main_memory() -> int:
    """Bytes of memory, capped by the control group's limit (a container's)."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no cgroup v2, or "max"
        return total
