"""Shared fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets: MLT_BENCH_DATA, or ``shared/data`` beside the checkout."""
    path = Path(os.environ.get("MLT_BENCH_DATA") or ROOT.parent / "shared" / "data")
    if not path.is_dir():
        pytest.skip("real data not found: set MLT_BENCH_DATA to the folder that holds gsm8k/ and api_bank/")
    return path


@pytest.fixture(scope="session", autouse=True)
def no_power_is_cut() -> Iterator[None]:
    """Nothing waits for the disk: a killed process loses no written file, only a machine without power does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield
