"""What every part of the benchmark shares: settings, figures, clocks and the two data sets."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"
API_BANK_FILES = (
    "dialogues_lv1_lv2",
    "test_level-1-api",
    "test_level-1-response",
    "test_level-2-api",
    "test_level-2-response",
    "test_level-3",
    "test_level-3-batch-inf",
    "test_level-3-batch-inf-response",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """``data`` holds gsm8k/ and api_bank/, ``cache`` keeps built models, ``quick`` shrinks parts to a smoke run."""

    data: Path
    cache: Path
    quick: bool = False
    repetitions: int = 3

    def size(self, full: int, quick: int) -> int:
        """How many rows a part takes."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure to reach. ``low`` and ``high`` are its spread over the repetitions; ``met`` is None where nothing
    was asked; ``details`` are the numbers behind it."""

    name: str
    title: str
    asked: str
    measured: float
    unit: str
    met: bool | None
    how: str
    low: float | None = None
    high: float | None = None
    repetitions: int = 1
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A plain object, numbers rounded to four significant digits."""
        return {key: rounded(value) for key, value in asdict(self).items()}


def rounded(value: Any) -> Any:
    """Floats anywhere inside ``value`` with four significant digits."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def say(text: str) -> None:
    """One line of progress on stderr."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def seconds(call: Callable[[], Any]) -> float:
    """The wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(sides: Mapping[str, Callable[[], Any]], repetitions: int) -> dict[str, list[float]]:
    """Seconds of each side, measured in turn; every other repetition runs in the opposite order."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for repetition in range(repetitions):
        for name in list(sides)[:: -1 if repetition % 2 else 1]:
            times[name].append(seconds(sides[name]))
            say(f"    {repetition + 1}/{repetitions} {name}: {times[name][-1]:.2f} s")
    return times


def ratios(slow: Sequence[float], fast: Sequence[float]) -> list[float]:
    """How many times faster ``fast`` was, repetition by repetition."""
    return [a / b for a, b in zip(slow, fast, strict=True)]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, lowest and highest."""
    return statistics.median(values), min(values), max(values)


def ratio_figure(
    name: str,
    title: str,
    *,
    slow: Sequence[float],
    fast: Sequence[float],
    at_least: float | None,
    how: str,
    details: Mapping[str, Any],
) -> Figure:
    """The figure of a rate against another: the median over the repetitions of seconds of ``slow`` / of ``fast``."""
    median, low, high = spread(ratios(slow, fast))
    return Figure(
        name=name,
        title=title,
        asked="reported" if at_least is None else f">= {at_least:g}",
        measured=median,
        unit="x",
        met=None if at_least is None else median >= at_least,
        how=how,
        low=low,
        high=high,
        repetitions=len(fast),
        details=details,
    )


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder."""
    with tempfile.TemporaryDirectory(prefix="mlt-bench-") as name:
        yield Path(name)


def slug(title: str) -> str:
    """A data set's title as a part of a figure's name."""
    return title.lower().replace(" ", "_").replace("-", "_")


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """``rows`` as a JSON Lines file; its path."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def gsm8k(settings: Settings) -> list[dict[str, Any]]:
    """The rows of GSM8K: ``question`` and ``answer``."""
    return read_jsonl(settings.data / "gsm8k" / "train_first1000.jsonl")


def api_bank_files(settings: Settings) -> list[Path]:
    """The files of API-Bank's dialogues and test prompts."""
    return [settings.data / "api_bank" / f"{name}.jsonl" for name in API_BANK_FILES]
