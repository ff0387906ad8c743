"""A stand-in for COMET, run by this interpreter as the worker's."""

from __future__ import annotations

from pathlib import Path

import fake_comet
import pytest


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of what the stand-in was asked to do; MLT_COMET_PYTHON and the cache folder are set for it."""
    return fake_comet.install(tmp_path, monkeypatch)
