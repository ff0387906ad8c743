"""English records become parallel records: units, protection, engines, the pipeline."""

from typing import Any


def __getattr__(name: str) -> Any:
    # Imported on first use, so that reading a command's help loads neither pyarrow nor an engine.
    if name == "translate":
        from .api import translate

        return translate
    raise AttributeError(name)
