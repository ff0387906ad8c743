"""What the Hub gets: cards whose numbers can be recomputed, published sets, and their way back into a run."""

from typing import Any

_HOMES = {
    "push": "publish",
    "publish_to_folder": "publish",
    "pull": "pull",
    "write_card": "card",
    "check_card": "check",
}


def __getattr__(name: str) -> Any:
    # Imported on first use, so that reading a command's help loads no library of the Hub.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(name)
