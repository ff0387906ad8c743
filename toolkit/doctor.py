"""What a machine offers to a run, found out without loading a model: versions, disk, the Hub."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

HUB = "https://huggingface.co"
HUB_TIMEOUT_S = 4.0
LOW_DISK = 8e9

# A package, and what is missing without it (None: it is always needed).
PACKAGES: dict[str, str | None] = {
    "mlt": None,
    "ctranslate2": None,
    "pyarrow": None,
    "numpy": None,
    "tokenizers": None,
    "sentencepiece": None,
    "huggingface-hub": None,
    "sentencex": None,
    "sacremoses": None,
    "babel": None,
    "torch": "converting models: install mlt[nllb]",
    "transformers": "converting models: install mlt[nllb]",
    "datasets": "hf:// sources: install mlt[hf]",
    "openai": "openai: models: install mlt[openai]",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the report: ``warn`` where something is missing that a run may need."""

    name: str
    value: str
    status: Literal["ok", "warn"] = "ok"


def versions() -> Iterator[Finding]:
    """Versions of Python and of the packages that decide a result; none of them is imported."""
    yield Finding("python", f"{platform.python_version()} ({platform.system()} {platform.machine()})")
    for package, purpose in PACKAGES.items():
        try:
            yield Finding(package, version(package))
        except PackageNotFoundError:
            yield Finding(package, f"missing, needed for {purpose or 'every run'}", "warn")


def disk(folder: Path) -> Finding:
    """Free space where ``folder`` is, or will be made."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / 1e9:.1f} GB free at {place}"
    return Finding("disk", text, "ok" if free >= LOW_DISK else "warn")


def hub() -> Finding:
    """Whether the Hub (or ``HF_ENDPOINT``) answers at all, within a few seconds."""
    import urllib.error
    import urllib.request

    endpoint = os.environ.get("HF_ENDPOINT") or HUB
    shown = _without_secrets(endpoint)
    if shown is None:
        return Finding("hub", "HF_ENDPOINT is no http address", "warn")
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return Finding("hub", f"not asked: HF_HUB_OFFLINE is set ({shown})", "warn")
    try:
        request = urllib.request.Request(endpoint, method="HEAD")
        with urllib.request.urlopen(request, timeout=HUB_TIMEOUT_S):
            return Finding("hub", f"{shown} answers")
    except urllib.error.HTTPError as error:
        status: Literal["ok", "warn"] = "ok" if error.code < 500 else "warn"
        return Finding("hub", f"{shown} answers (HTTP {error.code})", status)
    except (OSError, ValueError):
        return Finding("hub", f"{shown} does not answer; use --model tiny or a local folder", "warn")


def _without_secrets(endpoint: str) -> str | None:
    """Scheme, host and port of an http address: no user, password or path; None where it is no such address."""
    try:
        parts = urlsplit(endpoint)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.scheme in ("http", "https") and parts.hostname else None
