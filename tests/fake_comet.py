"""A stand-in for unbabel-comet and torch on PYTHONPATH: it scores by lengths, and does as a text tells it.

A source that holds DIE ends the process once (a second time with DIE-TWICE), KILLED ends it always, HANG never
answers, PRINT writes to stdout in every way there is, NAN has no score, FAIL raises.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlt.filter.qe import interpreter

_COMET = """
import os, sys, time

LOG = os.environ.get("FAKE_COMET_LOG", os.devnull)


def log(text):
    with open(LOG, "a") as file:
        print(os.getpid(), text, file=file)


class Scores(list):
    def tolist(self):
        return list(self)


class FakeMetric:
    def __init__(self, path):
        self.path = path

    def requires_references(self):
        return "reference" in self.path

    def eval(self):
        return self

    def to(self, device):
        return self

    def prepare_for_inference(self, samples):
        return samples

    def transfer_batch_to_device(self, batch, device, index):
        return batch

    def predict_step(self, batch):
        log(f"batch {len(batch)}")
        for sample in batch:
            act(sample["src"])
        return {"scores": Scores(score(sample) for sample in batch)}


def score(sample):
    if "NAN" in sample["src"]:
        return float("nan")
    return (31 * len(sample["src"]) + len(sample["mt"])) % 97 / 97


def act(text):
    if "FAIL" in text:
        raise RuntimeError("out of\\nmemory")
    if "HANG" in text:
        time.sleep(3600)
    if "PRINT" in text:
        print("a library says hello")
        os.write(1, b"so does C\\n")
        os.system("echo so does a child")
    deaths = sum(line.endswith(" dies\\n") for line in open(LOG)) if os.path.exists(LOG) else 0
    if "KILLED" in text or ("DIE" in text and deaths < (2 if "DIE-TWICE" in text else 1)):
        log("dies")
        print("token hf_secretsecret is\\nnot to be seen: out of memory", file=sys.stderr, flush=True)
        time.sleep(0.1)
        os._exit(7)


def load_from_checkpoint(path):
    log(f"load {path}")
    print("Lightning automatically upgraded your loaded checkpoint")
    if "noencoder" in path:
        raise OSError("We couldn't connect to 'https://huggingface.co'")
    if "odd" in path:
        raise KeyError("state_dict")
    return FakeMetric(path)
"""
_TORCH = """
from contextlib import nullcontext as inference_mode


class cuda:
    is_available = staticmethod(lambda: False)


def device(name):
    return name
"""


def make_fake(folder: Path) -> Path:
    """Writes the packages; ``folder`` is what goes on PYTHONPATH."""
    (folder / "comet").mkdir(parents=True)
    (folder / "comet" / "__init__.py").write_text(_COMET)
    (folder / "torch.py").write_text(_TORCH)
    info = folder / "unbabel_comet-2.2.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unbabel-comet\nVersion: 2.2.7\n")
    return folder


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes the stand-in COMET of this interpreter, with a cache folder of its own; the log of what it is asked."""
    packages = make_fake(folder / "packages")
    log = folder / "comet.log"
    log.touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(packages), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("FAKE_COMET_LOG", str(log))
    monkeypatch.setenv("MLT_COMET_PYTHON", sys.executable)
    monkeypatch.setenv("MLT_CACHE_DIR", str(folder / "cache"))
    interpreter._version_in.cache_clear()
    return log


def make_checkpoint(folder: Path, weights: bytes = b"weights") -> Path:
    """A folder laid out as COMET's checkpoints are."""
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "model.ckpt").write_bytes(weights)
    (folder / "hparams.yaml").write_text("class_identifier: referenceless_regression_metric\n")
    return folder


def expected(source: str, target: str) -> float:
    """The stand-in's score."""
    return (31 * len(source) + len(target)) % 97 / 97
