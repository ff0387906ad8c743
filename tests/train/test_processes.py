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

# What a launcher does, but that the libraries are loaded once, before the processes part.
LAUNCH = """
import os, signal, sys
import datasets, peft, torch, transformers.models.llama.modeling_llama
from trl import SFTTrainer
from mlt.toolkit.cli import main

ranks = []
for rank in ("0", "1"):
    if pid := os.fork():
        ranks.append(pid)
        continue
    code = 1
    try:
        os.environ.update(RANK=rank, LOCAL_RANK=rank)
        code = main(sys.argv[1:])
    finally:
        sys.stdout.flush()
        os._exit(code)
failed = 0
while ranks:
    ended, status = os.wait()
    ranks.remove(ended)
    if status and not failed:
        failed = 1
        for rank in ranks:
            os.kill(rank, signal.SIGKILL)
sys.exit(failed)
"""


def test_two_processes_make_the_steps_of_one(tmp_path: Path) -> None:
    from torch.distributed import TCPStore

    mixture = small_mixture(tmp_path)
    alone = train("tiny/math", mixture, tmp_path / "alone", overrides=SETTINGS)
    changes = [part for setting in SETTINGS for part in ("--set", setting)]
    command = ["train", "tiny/math", str(mixture), "-o", str(tmp_path / "two"), *changes]
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
    }
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, *command], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("optimiser updates") == 1  # one of them speaks

    manifest = json.loads((tmp_path / "two" / "train.json").read_text())
    assert manifest["preflight"]["steps"]["accumulation"] == 1 and manifest["training"]["processes"] == 2
    ours = [loss for _, loss in manifest["training"]["losses"]]
    assert ours == pytest.approx([loss for _, loss in alone.manifest["training"]["losses"]], rel=1e-4)
    samples = (tmp_path / "two" / "validation" / "step-000002.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["lang"] for line in samples) == ["en", "sw"]
