"""What of a machine decides how fast it translates: its cores and what they can do, its GPUs, and the library."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .devices import available_cores, device_count

# Instructions for which CTranslate2 and its matrix libraries have kernels of their own.
_KERNELS = frozenset(
    {
        *("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "avx_vnni"),
        *("amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "sve"),
    }
)
_CPU_FACTS = Path("/proc/cpuinfo")
_GPU_FACTS = Path("/proc/driver/nvidia/gpus")


def machine_facts(device: str) -> dict[str, Any]:
    """Plain facts of this machine that decide speed on ``device`` (cpu or cuda); equal facts, equal best settings.

    Where the system does not tell something (no Linux), it is left out.
    """
    facts: dict[str, Any] = {
        "device": device,
        "cores": available_cores(),
        **_cpu(),
        "ctranslate2": version("ctranslate2"),
    }
    if device == "cuda":
        facts["gpus"] = _gpus() or device_count()
    return facts


def _cpu() -> dict[str, Any]:
    """The model's name, and which of the instructions that matter it has."""
    entries = _entries(_CPU_FACTS)
    name = entries.get("model name") or platform.processor() or platform.machine()
    flags = (entries.get("flags") or entries.get("Features") or "").split()
    return {"cpu": name, "kernels": sorted(_KERNELS.intersection(flags))}


def _gpus() -> list[str]:
    """The GPUs' models, as NVIDIA's driver names them."""
    try:
        folders = sorted(_GPU_FACTS.iterdir())
    except OSError:
        return []
    return [_entries(folder / "information").get("Model", "") for folder in folders]


def _entries(path: Path) -> dict[str, str]:
    """``name : value`` lines; of a name that comes again (one block a core) the first."""
    try:
        lines: Iterable[str] = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.partition(":")
        if separator:
            found.setdefault(name.strip(), value.strip())
    return found
