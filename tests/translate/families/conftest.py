"""A checkpoint of one pair and its conversion, which several modules look at and none changes."""

from __future__ import annotations

from pathlib import Path

import checkpoints
import pytest

from mlt.translate import convert


@pytest.fixture(scope="session")
def opus_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``source``: an OPUS-MT-shaped checkpoint into Swahili; ``ct2``: that in float32."""
    checkpoints.needed()
    root = tmp_path_factory.mktemp("opus-pair")
    convert.convert(checkpoints.make_marian(root / "source"), root / "ct2", "float32")
    return root
