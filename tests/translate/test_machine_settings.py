"""The fastest settings of a machine: searched for sparingly, kept by machine and model, held by a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.languages import resolve
from mlt.toolkit.store import RunStore, open_run
from mlt.translate import machine, speed_settings, translate
from mlt.translate.engine import Decoding
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.models import load_engine
from mlt.translate.speed_settings import Speed, best_speed, search, settle_speed, speed_of

SW = resolve("sw").language
USUAL = Speed(4, 1, 2048)
FACTORS = (0.5, 2)


def rates(**by_setting: float) -> Callable[[Speed], float]:
    """Trials of a machine that decodes so many tokens a second with a setting ("w4t1b2048"); else 100."""

    def trial(speed: Speed) -> float:
        rate = by_setting.get(f"w{speed.workers}t{speed.threads}b{speed.batch_tokens}", 100.0)
        return speed.workers * speed.batch_tokens / rate

    return trial


@pytest.fixture
def tiny(tmp_path: Path) -> Ct2Engine:
    engine = load_engine("tiny", device="cpu", cache_dir=tmp_path)
    assert isinstance(engine, Ct2Engine)
    return engine


@pytest.mark.parametrize(
    ("found", "threads", "expected"),
    [
        ({}, False, USUAL),
        ({"w4t1b4096": 150}, False, Speed(4, 1, 4096)),
        ({"w4t1b1024": 150, "w4t1b4096": 160}, False, Speed(4, 1, 4096)),
        ({"w4t1b4096": 105}, False, USUAL),  # within what measuring varies by
        ({"w2t1b2048": 120}, False, Speed(2, 1, 2048)),
        ({"w4t1b1024": 120, "w2t1b1024": 140, "w2t1b2048": 190}, False, Speed(2, 1, 1024)),
        ({"w2t2b2048": 140}, False, USUAL),  # not asked for
        ({"w2t2b2048": 140}, True, Speed(2, 2, 2048)),
        ({"w4t1b1024": 0.001, "w4t1b4096": 0.001}, False, USUAL),
    ],
)
def test_a_setting_takes_the_usual_ones_place_only_if_it_is_clearly_faster(
    found: dict[str, float], threads: bool, expected: Speed
) -> None:
    best, tried = search(rates(**found), USUAL, factors=FACTORS, threads=threads, budget=1e9)
    assert best == expected
    assert tried[USUAL] == pytest.approx(100)


def test_a_second_trial_must_confirm_the_first() -> None:
    seen: list[Speed] = []

    def trial(speed: Speed) -> float:
        seen.append(speed)
        lucky = speed.batch_tokens == 4096 and seen.count(speed) == 1
        return speed.workers * speed.batch_tokens / (200.0 if lucky else 100.0)

    assert search(trial, USUAL, factors=FACTORS, budget=1e9)[0] == USUAL
    assert seen.count(Speed(4, 1, 4096)) == 2


def test_what_would_pass_the_budget_or_fails_on_the_device_is_not_taken() -> None:
    seconds = 4 * 2048 / 100.0
    best, tried = search(rates(w4t1b4096=900), USUAL, factors=FACTORS, budget=seconds * 0.9)
    assert (best, set(tried)) == (USUAL, {USUAL, Speed(4, 1, 1024)})

    def too_large(speed: Speed) -> float:
        return float("inf") if speed.batch_tokens > 2048 else rates()(speed)

    assert search(too_large, USUAL, factors=FACTORS, budget=1e9)[0] == USUAL
    assert search(lambda _: float("inf"), USUAL, factors=FACTORS, budget=1e9)[0] == USUAL


def test_one_worker_has_no_half() -> None:
    _, tried = search(rates(), Speed(1, 1, 2048), factors=FACTORS, threads=True, budget=1e9)
    assert {speed.workers for speed in tried} == {1}


def test_a_real_model_is_measured_once_and_keeps_its_own_settings(
    tiny: Ct2Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed_settings, "MIN_BYTES", 0)
    told: list[str] = []
    before = speed_of(tiny)
    found = best_speed(tiny, SW, Decoding(beam_size=1), rows=1000, root=tmp_path, notify=told.append)
    assert told[0].startswith("finding") and speed_of(tiny) == before
    (file,) = (tmp_path / speed_settings.FOLDER).glob("*.json")
    kept = json.loads(file.read_text())
    assert Speed(**kept["speed"]) == found
    assert {entry["batch_tokens"] for entry in kept["tried"]} >= {1024, 2048, 4096}
    assert kept["machine"]["cores"] >= 1 and kept["model"]["model"] == "tiny"

    def never(*_: Any) -> Any:
        raise AssertionError("measured twice")

    monkeypatch.setattr(speed_settings, "_measure", never)
    # What is known is known to small runs too; a damaged file is as good as none.
    assert best_speed(tiny, SW, Decoding(beam_size=1), rows=1, root=tmp_path) == found
    file.write_text("{")
    assert best_speed(tiny, SW, Decoding(beam_size=1), rows=1, root=tmp_path) == before
    # Another beam or another machine is measured anew.
    file.write_text(json.dumps(kept))
    with pytest.raises(AssertionError, match="twice"):
        best_speed(tiny, SW, Decoding(beam_size=4), rows=1000, root=tmp_path)
    monkeypatch.setattr(machine, "available_cores", lambda: 96)
    with pytest.raises(AssertionError, match="twice"):
        best_speed(tiny, SW, Decoding(beam_size=1), rows=1000, root=tmp_path)


@pytest.mark.parametrize("rows", [10, 1000])
def test_small_runs_and_small_models_are_not_worth_measuring(
    tiny: Ct2Engine, tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rows < speed_settings.MIN_ROWS:
        monkeypatch.setattr(speed_settings, "MIN_BYTES", 0)
    assert best_speed(tiny, SW, Decoding(), rows=rows, root=tmp_path) == speed_of(tiny)
    assert not (tmp_path / speed_settings.FOLDER).exists()


def test_a_run_goes_on_with_the_batches_it_began_with(
    tiny: Ct2Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Speed(3, 1, 1024)]
    monkeypatch.setattr(speed_settings, "best_speed", lambda *_, **__: found[-1])

    def settled(**options: Any) -> Speed:
        engine = load_engine("tiny", device="cpu", workers=2, cache_dir=tmp_path)
        settle_speed(store, engine, SW, Decoding(), **{"find": True, "root": tmp_path, **options})
        assert isinstance(engine, Ct2Engine)
        return speed_of(engine)

    with RunStore.open(tmp_path / "run", {}) as store:
        monkeypatch.setattr(store, "totals", lambda lang: {"out": 1000})
        assert settled(find=False) == Speed(2, 1, 2048)  # nobody looked for settings yet
        assert settled() == Speed(3, 1, 1024)
        found.append(Speed(5, 1, 4096))
        assert settled() == Speed(3, 1, 1024)
        assert settled(find=False) == Speed(2, 1, 1024)  # workers as the user said
        monkeypatch.setattr(machine, "available_cores", lambda: 96)
        assert settled() == Speed(2, 1, 1024)  # workers of the other machine


def test_settings_found_are_facts_of_the_run_and_change_no_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(name: str, **options: Any) -> list[Any]:
        result = translate(langs="sw", model="tiny", limit=4, out=tmp_path / name, cache_dir=tmp_path / name, **options)
        run = open_run(result.path)
        return [(record.id, record.units) for record in run.records("sw")]

    plain = rows("asked", workers=2)
    assert not (tmp_path / "asked" / "facts" / "speed-sw.json").exists()
    monkeypatch.setattr(speed_settings, "best_speed", lambda *_, **__: Speed(1, 1, 300))
    assert rows("found") == plain
    fact = json.loads((tmp_path / "found" / "facts" / "speed-sw.json").read_text())
    assert (fact["workers"], fact["batch_tokens"]) == (1, 300)


@pytest.mark.parametrize(
    ("text", "name", "kernels"),
    [
        (
            "model name\t: EPYC\nflags\t\t: fpu avx2 avx512_vnni\n\nmodel name\t: other\n",
            "EPYC",
            ["avx2", "avx512_vnni"],
        ),
        ("Features\t: fp asimd asimddp\n", None, ["asimd", "asimddp"]),
        (None, None, []),
    ],
)
def test_a_machine_is_told_by_its_cpu_where_the_system_says_it(
    text: str | None, name: str | None, kernels: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(machine, "_CPU_FACTS", tmp_path / "cpuinfo")
    facts = machine.machine_facts("cpu")
    assert facts["kernels"] == kernels
    assert name is None or facts["cpu"] == name
    assert "gpus" not in facts


def test_gpus_are_told_by_their_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in "01":
        (tmp_path / index).mkdir()
        (tmp_path / index / "information").write_text("Model: \t\t NVIDIA H200\nIRQ: 5\n")
    monkeypatch.setattr(machine, "_GPU_FACTS", tmp_path)
    assert machine.machine_facts("cuda")["gpus"] == ["NVIDIA H200"] * 2
    monkeypatch.setattr(machine, "_GPU_FACTS", tmp_path / "none")
    monkeypatch.setattr(machine, "device_count", lambda: 3)
    assert machine.machine_facts("cuda")["gpus"] == 3
