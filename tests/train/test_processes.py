"""Several processes train as one does: the same global batches, one that writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("trl")
from small_trainings import ADAPTER, small_mixture

from mlt.train.sft import train

# Dropout draws other numbers in each process.
SETTINGS = (*ADAPTER, "lora_dropout=0", "max_steps=2", "eval_steps=1")


def test_two_processes_make_the_steps_of_one(tmp_path: Path) -> None:
    mixture = small_mixture(tmp_path)
    alone = train("tiny/math", mixture, tmp_path / "alone", overrides=SETTINGS)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    changes = [part for setting in SETTINGS for part in ("--set", setting)]
    command = [
        *launcher,
        "-m",
        "mlt.toolkit",
        "train",
        "tiny/math",
        str(mixture),
        "-o",
        str(tmp_path / "two"),
        *changes,
    ]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("optimiser updates") == 1  # one of them speaks

    manifest = json.loads((tmp_path / "two" / "train.json").read_text())
    assert manifest["preflight"]["steps"]["accumulation"] == 1 and manifest["training"]["processes"] == 2
    ours = [loss for _, loss in manifest["training"]["losses"]]
    assert ours == pytest.approx([loss for _, loss in alone.manifest["training"]["losses"]], rel=1e-4)
    samples = (tmp_path / "two" / "validation" / "step-000002.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["lang"] for line in samples) == ["en", "sw"]
