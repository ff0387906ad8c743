"""Which sides are compared on which rows, by which beam, and what is asked of each comparison."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

PYTHON = "MLT_BENCH_PEERS"


@dataclass(frozen=True, slots=True)
class Side:
    """``caller`` translates ``rows`` rows by ``beam``; ``quick``: so many in a smoke run.

    ``as_they_stand``: texts are sent with their annotations, as somebody does who knows nothing of them.
    """

    caller: str
    beam: int
    rows: int
    quick: int = 2
    as_they_stand: bool = False

    @property
    def name(self) -> str:
        """Names the side in its group."""
        return f"{self.caller}.beam{self.beam}{'.as_they_stand' if self.as_they_stand else ''}"

    @property
    def tuned_on(self) -> int:
        """How many rows its settings are tried on."""
        return max(1, self.rows // 2)


@dataclass(frozen=True, slots=True)
class Against:
    """A comparison: the rate of ``ours`` / that of ``theirs``, by their callers and beams."""

    ours: str
    theirs: str
    at_least: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Sides that are measured in turn on rows of one data set."""

    title: str
    data: str
    sides: tuple[Side, ...]
    compared: tuple[Against, ...]


# Rows: ours needs some hundred, for a shard's audit of 100 units is a small part of the 7,000 units of a whole one
# only; the others' rates do not depend on how many there are, once all workers have several batches.
GROUPS = (
    Group(
        "GSM8K",
        "gsm8k",
        (
            Side("Ours", 1, 400, 3),
            Side("OursWithoutList", 1, 40),
            Side("Sentences", 1, 96),
            Side("Whole", 1, 16),
            Side("Generate", 1, 32),
            Side("NllbServe", 1, 3, 1),
        ),
        (
            Against("Ours.beam1", "Sentences.beam1", 2.0),
            Against("Ours.beam1", "Whole.beam1"),
            Against("Ours.beam1", "Generate.beam1", 6.0),
            Against("Ours.beam1", "NllbServe.beam1"),
            Against("Ours.beam1", "OursWithoutList.beam1"),
            Against("OursWithoutList.beam1", "Sentences.beam1"),
        ),
    ),
    Group(
        "GSM8K",
        "gsm8k",
        (
            Side("Ours", 2, 240),
            Side("Defaults", 2, 16, 1, as_they_stand=True),
            Side("Defaults", 2, 16, 1),
            Side("Ours", 4, 80),
            Side("EasyNmt", 4, 3, 1),
            Side("Argos", 4, 3, 1),
        ),
        (
            Against("Ours.beam2", "Defaults.beam2.as_they_stand", 4.5),
            Against("Ours.beam2", "Defaults.beam2"),
            Against("Ours.beam4", "Defaults.beam2.as_they_stand", 1.0),
            Against("Ours.beam4", "Defaults.beam2"),
            Against("Ours.beam4", "EasyNmt.beam4"),
            Against("Ours.beam4", "Argos.beam4"),
        ),
    ),
    Group(
        "API-Bank dialogues",
        "api_bank",
        (Side("Ours", 1, 150), Side("Sentences", 1, 150)),  # the same rows: a few of them are very long
        (Against("Ours.beam1", "Sentences.beam1"),),
    ),
)

NAMES: Mapping[str, str] = {
    "Ours": "mlt",
    "OursWithoutList": "mlt with --shortlist off",
    "Defaults": "CTranslate2's defaults on whole texts",
    "Whole": "a plain CTranslate2 script on whole texts",
    "Sentences": "the best plain CTranslate2 script (sentences)",
    "Generate": "transformers' generate",
    "EasyNmt": "EasyNMT",
    "EasyNmtPattern": "the call pattern of EasyNMT",
    "NllbServe": "nllb-serve",
    "NllbServePattern": "the call pattern of nllb-serve",
    "Argos": "argos-translate",
    "ArgosPattern": "the call pattern of argos-translate",
}
HOWS: Mapping[str, str] = {
    "Ours": "translate() from the file to the written run, --shortlist auto, loading, cutting and auditing included",
    "OursWithoutList": "the same with --shortlist off",
    "Defaults": "int8, one translate_batch with nothing but the beam set",
    "Whole": "int8, one translate_batch, best of three batch sizes",
    "Sentences": "int8, distinct sentences in one translate_batch, best of three batch sizes",
    "Generate": "bfloat16, sorted, best of three batch sizes",
    "EasyNmt": "float32, sorted sentences, best of two batch sizes, the package itself",
    "EasyNmtPattern": "float32, sorted sentences, best of two batch sizes",
    "NllbServe": "float32, a request a row, its sentences in one batch, the package itself without a socket",
    "NllbServePattern": "float32, a request a row, its sentences in one batch",
    "Argos": "int8, paragraph by paragraph, 32 tokens a batch, the package itself",
    "ArgosPattern": "int8, paragraph by paragraph, 32 tokens a batch",
}
_PACKAGES = {"EasyNmt": "easynmt", "NllbServe": "nllb_serve", "Argos": "argostranslate.translate"}


def settings_tried(caller: str) -> list[dict[str, int]]:
    """What a side may set; the fastest is taken."""
    if caller in ("Whole", "Sentences"):
        from mlt.translate.devices import available_cores

        workers = {"inter_threads": available_cores(), "intra_threads": 1}
        return [{**workers, "max_batch_size": size} for size in (2048, 1024, 4096)]
    sizes = {"Generate": (32, 16, 8), "EasyNmt": (16, 32), "EasyNmtPattern": (16, 32)}
    return [{"batch": size} for size in sizes.get(caller, ())] or [{}]


def interpreter(caller: str) -> tuple[str, str]:
    """The caller to take and the interpreter that runs it: a package's call pattern here where the package is not."""
    package = _PACKAGES.get(caller)
    if package is None:
        return caller, sys.executable
    python = os.environ.get(PYTHON)
    # nllb_serve loads a model when its application is imported; that the package is there has to do.
    if python and not subprocess.run([python, "-c", f"import {package}"], check=False, capture_output=True).returncode:
        return caller, python
    return pattern_of(caller), sys.executable


def pattern_of(package: str) -> str:
    """The caller that does here what a package does."""
    return f"{package}Pattern"
