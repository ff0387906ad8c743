"""Device, compute type and cores: defaults by what the machine has, and refusals in one line."""

from __future__ import annotations

import os
from pathlib import Path

from ..toolkit.errors import EnvironmentProblem, UsageError

COMPUTE_TYPES = (
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
_PREFERRED = {
    "cpu": ("int8", "int8_float32", "float32"),
    "cuda": ("int8_float16", "bfloat16", "int8_bfloat16", "float16", "int8_float32", "float32"),
}


def device_count() -> int:
    """How many CUDA devices CTranslate2 sees."""
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def resolve_device(device: str) -> str:
    """``auto`` as cpu or cuda. Raises EnvironmentProblem where cuda is asked for and there is none."""
    if device == "auto":
        return "cuda" if device_count() else "cpu"
    if device == "cuda" and not device_count():
        raise EnvironmentProblem("--device cuda: no CUDA device found; use --device cpu")
    return device


def supported_compute_types(device: str) -> tuple[str, ...]:
    """The compute types that ``device`` (cpu or cuda) has, by name, in CTranslate2's own terms."""
    import ctranslate2

    return tuple(sorted(ctranslate2.get_supported_compute_types(device)))


def resolve_compute_type(requested: str | None, device: str) -> str:
    """The compute type to use on ``device``; None or ``auto``: int8 on a CPU,
    int8_float16 or bfloat16 on a GPU.

    Raises UsageError for a name that does not exist, EnvironmentProblem for one that the device lacks.
    """
    supported = supported_compute_types(device)
    if requested in (None, "auto"):
        return next((name for name in _PREFERRED[device] if name in supported), "float32")
    if requested not in COMPUTE_TYPES:
        raise UsageError(f"--compute-type {requested}: expected one of {', '.join(COMPUTE_TYPES)}")
    if requested not in supported:
        raise EnvironmentProblem(
            f"--compute-type {requested}: this {device} device has {', '.join(supported)}; choose one"
        )
    return requested


def available_cores() -> int:
    """Cores this process may use: its affinity, capped by the control group's quota (a container's limit)."""
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores = len(affinity) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota() or cores))


def _quota() -> int | None:
    """Whole cores of a cgroup-v2 quota, None where there is none."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()[:2]
        return None if limit == "max" else max(1, int(limit) // int(period))
    except (OSError, ValueError):
        return None
