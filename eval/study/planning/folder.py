"""Where the files of a study stand.

``study.json`` is the plan; ``sources/``, ``data/`` and ``tests/`` are what a study makes of its sources, ``mixtures/``
the ladders that it trains on; ``runs/`` and ``bases/`` hold a folder a content address, whose ``done.json`` is written
last: it alone makes one done. ``slurm/`` and ``report/`` are made from the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ....toolkit.errors import UsageError

if TYPE_CHECKING:
    from .spec import StudySpec

Kind = Literal["run", "base"]

STUDIES = Path("studies")
STUDY = "study.json"
JOB = "job.json"
STATE = "state.json"
LOG = "log.txt"
DONE = "done.json"
MODEL = "model"
ANSWERS = "answers"
TRAIN_ROWS = "train.jsonl"
TEST_ROWS = "test.jsonl"

_KEY = 12  # hex digits of a key in a folder's name


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """A study's folder; nothing here reads or writes. Keys and addresses are hex, as plan.py makes them."""

    path: Path

    @property
    def manifest(self) -> Path:
        """study.json: the plan as it stands."""
        return self.path / STUDY

    @property
    def report(self) -> Path:
        """The folder of the report."""
        return self.path / "report"

    @property
    def slurm(self) -> Path:
        """The folder of the array script and its tasks."""
        return self.path / "slurm"

    def source(self, task: str, key: str) -> Path:
        """Rows of a source, training and held-out ones in a file each."""
        return self.path / "sources" / f"{task}-{key[:_KEY]}"

    def data(self, task: str, key: str) -> Path:
        """The run of mlt translate that is trained on."""
        return self.path / "data" / f"{task}-{key[:_KEY]}"

    def tests(self, task: str, key: str) -> Path:
        """The run of mlt translate that is asked."""
        return self.path / "tests" / f"{task}-{key[:_KEY]}"

    def mixtures(self, task: str, budget: str, key: str) -> Path:
        """The ladder of mlt mix: a folder a mixture lies in it."""
        return self.path / "mixtures" / f"{task}-{budget}-{key[:_KEY]}"

    def run(self, address: str) -> Path:
        """A training and its evaluation."""
        return self.path / "runs" / address

    def base(self, address: str) -> Path:
        """The evaluation of a checkpoint before training."""
        return self.path / "bases" / address

    def job(self, kind: Kind, address: str) -> Path:
        """The folder of a run or of a base."""
        return self.run(address) if kind == "run" else self.base(address)

    def job_file(self, kind: Kind, address: str) -> Path:
        """What is to be done there, commands included."""
        return self.job(kind, address) / JOB

    def state_file(self, kind: Kind, address: str) -> Path:
        """How far it is."""
        return self.job(kind, address) / STATE

    def log_file(self, kind: Kind, address: str) -> Path:
        """What its stages have printed."""
        return self.job(kind, address) / LOG

    def done_file(self, kind: Kind, address: str) -> Path:
        """What came of it; only there once all of it is done."""
        return self.job(kind, address) / DONE

    def model(self, address: str) -> Path:
        """The training of a run."""
        return self.run(address) / MODEL

    def answers(self, kind: Kind, address: str) -> Path:
        """The evaluation of a run or of a base."""
        return self.job(kind, address) / ANSWERS

    def is_done(self, kind: Kind, address: str) -> bool:
        """Whether it is finished."""
        return self.done_file(kind, address).is_file()


def study_folder(spec: StudySpec, out: Path | None = None) -> StudyFolder:
    """The folder of a study: ``out``, or ``studies/NAME``. UsageError where a file, or something else, lies there."""
    path = (STUDIES / spec.name if out is None else Path(out)).absolute()
    if path.exists() and not path.is_dir():
        raise UsageError(f"--out {path} is a file: name the folder of a study")
    known = {STUDY, LOG, "sources", "data", "tests", "mixtures", "runs", "bases", "slurm", "report"}
    if path.is_dir() and not (path / STUDY).is_file():
        foreign = sorted(
            entry.name for entry in path.iterdir() if not entry.name.startswith(".") and entry.name not in known
        )
        if foreign:
            raise UsageError(f"--out {path} is no study (it holds {foreign[0]} and no {STUDY}): name another folder")
    return StudyFolder(path)
