"""The stage's commands: models, doctor and cache, on a cache folder of the test's own."""

import json
from pathlib import Path

import pytest

from mlt.toolkit import cli
from mlt.toolkit.errors import UsageError
from mlt.translate.cache import UnitCache
from mlt.translate.commands import parse_size
from mlt.translate.engine import Hypothesis


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here may look at the network: nobody listens on port 9 of this machine."""
    monkeypatch.setenv("HF_ENDPOINT", "http://user:secret@127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with 30 units in Swahili and 10 in Thai."""
    for lang, count in (("sw", 30), ("th", 10)):
        with UnitCache("tiny-1", lang, tmp_path) as units:
            units.put_many({f"key{index}": [Hypothesis("x" * 500)] for index in range(count)})
    return tmp_path


def show(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    assert cli.main([str(arg) for arg in args]) == 0
    return capsys.readouterr().out


def test_models_name_size_and_licence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(capsys, "models", "--cache-dir", tmp_path)
    assert "facebook/nllb-200-distilled-600M" in shown and "cc-by-nc-4.0" in shown
    assert "exists to prove the pipeline" in shown
    assert str(tmp_path) in shown
    data = json.loads(show(capsys, "models", "--cache-dir", tmp_path, "--json"))
    assert data["cached"] == [] and data["known"]


def test_models_in_the_cache_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "models" / "made"
    folder.mkdir(parents=True)
    about = {"name": "me/made", "revision": "abc", "quantization": "int8", "created": "2026-01-02T03:04:05+00:00"}
    (folder / "mlt_model.json").write_text(json.dumps(about))
    [cached] = json.loads(show(capsys, "models", "--cache-dir", tmp_path, "--json"))["cached"]
    assert (cached["name"], cached["revision"]) == ("me/made", "abc")
    assert "me/made" in show(capsys, "models", "--cache-dir", tmp_path)
    assert "me/made" in show(capsys, "cache", "list", "--cache-dir", tmp_path)


def test_doctor_reports_versions_devices_cache_disk_and_hub(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(capsys, "doctor", "--cache-dir", cache, "--json")
    findings = {finding["name"]: finding for finding in json.loads(shown)}
    assert {"python", "ctranslate2", "cpu cores", "compute types, cpu", "disk", "hub"} <= set(findings)
    assert "float32" in findings["compute types, cpu"]["value"]
    assert findings["cached units"]["value"].startswith("40, ")
    assert findings["hub"]["status"] == "warn"
    assert "does not answer" in findings["hub"]["value"] and "http://127.0.0.1:9" in findings["hub"]["value"]
    assert "secret" not in shown


def test_doctor_prints_a_table(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [line.split() for line in show(capsys, "doctor", "--cache-dir", cache).splitlines()]
    assert {row[0] for row in rows[2:]} == {"ok", "warn"}


def test_doctor_marks_a_damaged_cache_file(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [damaged] = cache.glob("units/*/th.sqlite")
    damaged.write_bytes(b"no database, but longer than a header of one would be" * 100)
    findings = {f["name"]: f for f in json.loads(show(capsys, "doctor", "--cache-dir", cache, "--json"))}
    assert findings["cached units"]["status"] == "warn"
    assert "th.sqlite" in findings["cached units"]["value"]


def test_cache_list_and_size(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in show(capsys, "cache", "list", "--cache-dir", cache).splitlines()]
    assert ["units", "tiny-1", "sw", "30"] in [line[:4] for line in lines]
    listed = json.loads(show(capsys, "cache", "list", "--cache-dir", cache, "--json"))
    sizes = json.loads(show(capsys, "cache", "size", "--cache-dir", cache, "--json"))
    assert sizes["units"] == sum(entry["bytes"] for entry in listed["units"]) > 0
    assert sizes["models"] == sizes["settings"] == 0
    assert str(cache) in show(capsys, "cache", "size", "--cache-dir", cache)


def test_settings_that_were_found_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speed = {"workers": 2, "threads": 1, "batch_tokens": 4096}
    kept = {"speed": speed, "machine": {}, "model": {"model": "owner/name"}, "beam": 4}
    (tmp_path / "settings").mkdir()
    for name, content in {"a.json": json.dumps(kept), "damaged.json": "{", "other.json": "[]"}.items():
        (tmp_path / "settings" / name).write_text(content)
    listed = json.loads(show(capsys, "cache", "list", "--cache-dir", tmp_path, "--json"))["settings"]
    assert [(entry["model"], entry["speed"]) for entry in listed] == [("owner/name", speed)]
    shown = show(capsys, "cache", "list", "--cache-dir", tmp_path)
    assert "owner/name, workers 2, threads 1, 4,096 tokens a batch" in shown
    sizes = json.loads(show(capsys, "cache", "size", "--cache-dir", tmp_path, "--json"))
    assert sizes["settings"] == len(json.dumps(kept))


def test_cache_evict_frees_what_it_says(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def size() -> int:
        return int(json.loads(show(capsys, "cache", "size", "--cache-dir", cache, "--json"))["units"])

    before = size()
    freed = json.loads(show(capsys, "cache", "evict", "--max-size", "0", "--cache-dir", cache, "--json"))
    assert freed["freed_bytes"] >= before > size() == 0
    assert "0 B freed" in show(capsys, "cache", "evict", "--older-than", "30", "--cache-dir", cache)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("500", 500), ("1kB", 1000), ("500MB", 500_000_000), ("1.5 GB", 1_500_000_000), ("2T", 2 * 10**12)],
)
def test_sizes_are_read(text: str, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "big", "-1", "1XB", "1.MB", "٣MB!"])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--max-size"):
        parse_size(text)
