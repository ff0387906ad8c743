"""Where this machine keeps what can be made or fetched again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """``MLT_CACHE_DIR``, or the user's cache folder of this package."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("MLT_CACHE_DIR") or user_cache_dir("mlt", appauthor=False))
