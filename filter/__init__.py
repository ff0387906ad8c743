"""Quality control: scores, decisions, reports. Every kept row is measured, every dropped row has a reason."""

from typing import Any


def __getattr__(name: str) -> Any:
    # Imported on first use, so that reading a command's help loads neither pyarrow nor a detector.
    if name in ("filter_run", "score_pairs"):
        from . import api

        return getattr(api, name)
    raise AttributeError(name)
