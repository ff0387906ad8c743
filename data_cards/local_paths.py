"""What is published says nothing of the folders of the machine that made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PATH = re.compile(r"((?:[a-z]+:)?)(?:/(?!/)|~\w*/|\.{1,2}/|[A-Za-z]:[\\/])[^\n]*?([^\\/\n]+)[\\/]*")


def published_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A run's manifest as it is published: without the folder that it was made of, and with models that the policy
    names by a path named by its last part. The identity, which names no path, is as it was.
    """
    return {
        name: without_paths(value) if name == "filter" else value for name, value in manifest.items() if name != "input"
    }


def without_paths(value: Any) -> Any:
    """A JSON value whose texts that are paths (``/home/x/lid.bin``, ``transformers:/home/x/m``) are their last part."""
    if isinstance(value, str):
        path = _PATH.fullmatch(value)
        return f"{path[1]}{path[2]}" if path else value
    if isinstance(value, Mapping):
        return {key: without_paths(entry) for key, entry in value.items()}
    return [without_paths(entry) for entry in value] if isinstance(value, list) else value
