"""YAML files of a user's own: read safely, and what is wrong with one said in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import DataError, one_line


def read_yaml(path: Path, where: str, hint: str = "") -> Any:
    """The value in a YAML file; DataError, beginning with ``where``, for one that cannot be read or holds no YAML.

    ``hint``: what to do about a file that is not there.
    """
    import yaml

    try:
        # libyaml's loader reads the same as PyYAML's own, ten times as fast; not every PyYAML is built with it.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        said = f": {error.strerror}; {hint}" if hint else f" cannot be read: {error.strerror}"
        raise DataError(f"{where}{said}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{where} is no YAML: {one_line(error)}") from None
