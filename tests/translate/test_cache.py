"""The cache of translated units: shared, whole batches, never a crash, evicted by use."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.translate import unit_file
from mlt.translate.cache import UnitCache, cache_root, evict, key_maker, list_caches, unit_key
from mlt.translate.engine import Decoding, Hypothesis

IDENTITY = {"model": "m", "revision": "r", "engine": "ctranslate2", "version": "4.8.5", "compute_type": "int8"}
HYPOTHESES = [Hypothesis("Habari", -0.25), Hypothesis("ประเทศ\ud800", float("-inf"), ended=False, unknown=True)]


def batch(name: str, size: int = 10) -> dict[str, list[Hypothesis]]:
    return {f"{name}-{number}": [Hypothesis(f"{name} {number}", -number / 7)] for number in range(size)}


def age(path: Path, days: int, where: str = "1") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(f"UPDATE units SET used = used - ? WHERE {where}", (days * 86_400,))


def units(path: Path) -> int:
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM units").fetchone()[0])


def test_hypotheses_come_back_exactly_and_unknown_keys_do_not(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many({"a": HYPOTHESES, "b": []})
        assert cache.get_many(["a", "b", "c", "a"]) == {"a": HYPOTHESES, "b": []}
        assert cache.get_many([]) == {}
    with UnitCache("m", "sw", tmp_path) as cache:
        assert cache.get_many(["a"]) == {"a": HYPOTHESES}


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.text(), st.floats(allow_nan=False), st.booleans(), st.booleans())))
def test_any_hypothesis_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    hypotheses = [Hypothesis(*row) for row in rows]
    with UnitCache("m", "sw", tmp_path_factory.mktemp("cache")) as cache:
        cache.put_many({"k": hypotheses})
        assert cache.get_many(["k"]) == {"k": hypotheses}


def test_many_more_keys_than_one_query_holds(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        items = batch("x", 5000)
        cache.put_many(items)
        assert cache.get_many(["none", *items]) == items


def test_what_is_there_stays(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many({"a": [Hypothesis("first")]})
        cache.put_many({"a": [Hypothesis("second")], "b": [Hypothesis("new")]})
        assert cache.get_many(["a", "b"]) == {"a": [Hypothesis("first")], "b": [Hypothesis("new")]}


def test_models_and_languages_are_apart(tmp_path: Path) -> None:
    for model, lang in (("m", "sw"), ("m", "zh-Hans"), ("facebook/nllb", "sw"), ("../../up", "sw")):
        with UnitCache(model, lang, tmp_path) as cache:
            assert cache.get_many(["a"]) == {}
            cache.put_many({"a": [Hypothesis(model + lang)]})
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.sqlite"))
    assert files == [
        "units/facebook-nllb/sw.sqlite",
        "units/m/sw.sqlite",
        "units/m/zh-Hans.sqlite",
        "units/up/sw.sqlite",
    ]


def test_the_root_is_the_environment_s_or_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.delenv("MLT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_root().name == "mlt"


def test_every_part_of_a_setting_decides_the_key() -> None:
    base: tuple[Any, ...] = (IDENTITY, Decoding(), "eng_Latn", "swh_Latn", "Hello.")
    others: list[tuple[Any, ...]] = [({**IDENTITY, name: "other"}, *base[1:]) for name in (*IDENTITY, "prompt")]
    others += [(IDENTITY, Decoding(**{name: 2}), *base[2:]) for name in Decoding.__slots__]
    others += [(*base[:2], "x", *base[3:]), (*base[:3], "x", base[4]), (*base[:4], "Hello"), (*base[:4], "")]
    keys = {unit_key(*setting) for setting in [base, *others]}
    assert len(keys) == len(others) + 1
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)


def test_the_identity_s_order_does_not_decide_the_key() -> None:
    shuffled = dict(reversed(IDENTITY.items()))
    assert unit_key(shuffled, Decoding(), "a", "b", "t") == unit_key(IDENTITY, Decoding(), "a", "b", "t")


@given(st.text(st.characters()))
def test_a_made_key_is_the_unit_s_key(text: str) -> None:
    key = key_maker(IDENTITY, Decoding(), "eng_Latn", "swh_Latn")
    assert key(text) == key(text) == unit_key(IDENTITY, Decoding(), "eng_Latn", "swh_Latn", text)


DAMAGE = {
    "text": lambda path: path.write_text("no database at all"),
    "zeros": lambda path: path.write_bytes(b"\0" * 8192),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "other format": lambda path: _other_format(path),
}


def _other_format(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version=99")


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_set_aside_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: Any
) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x", 500))
    damage(cache.path)
    with caplog.at_level(logging.WARNING), UnitCache("m", "sw", tmp_path) as cache:
        cache.get_many(list(batch("x", 500)))
        cache.put_many(batch("y"))
        assert cache.get_many(list(batch("y"))) == batch("y")
    assert [record.message.count("\n") for record in caplog.records] == [0]
    assert "was damaged: set aside as sw.sqlite.damaged-" in caplog.text
    assert [file.damaged for file in list_caches(tmp_path)] == [False, True]


def test_pages_that_rot_below_the_header_are_found_on_use(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x", 5000))
    data = bytearray(cache.path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    for start in range(middle, len(data), 4096):
        data[start : start + 4096] = b"\xee" * 4096
    cache.path.write_bytes(data)
    with UnitCache("m", "sw", tmp_path) as first, UnitCache("m", "sw", tmp_path) as second:
        assert first.get_many(list(batch("x", 5000))) == {}
        first.put_many(batch("y"))
        second.put_many(batch("z", 5000))
        assert second.get_many(list(batch("y"))) == batch("y")
    assert len(caplog.records) == 1


def test_a_rotten_value_is_forgotten_and_can_be_put_again(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x"))
        with closing(sqlite3.connect(cache.path, isolation_level=None)) as file:
            file.execute("UPDATE units SET hypotheses = x'5b5b' WHERE key = 'x-3'")
        assert cache.get_many(list(batch("x"))).keys() == batch("x").keys() - {"x-3"}
        cache.put_many(batch("x"))
        assert cache.get_many(list(batch("x"))) == batch("x")


def test_a_full_disk_is_one_line_and_keeps_no_part_of_the_batch(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x"))
        cache._file.execute("PRAGMA max_page_count=20")
        with pytest.raises(EnvironmentProblem, match=r"no space left to write .*sw\.sqlite") as caught:
            cache.put_many(batch("y", 5000))
        assert "\n" not in str(caught.value)
        assert cache.get_many(["y-0", "x-0"]).keys() == {"x-0"}


def test_a_file_kept_locked_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_file, "BUSY_SECONDS", 0.01)
    with UnitCache("m", "sw", tmp_path) as cache, closing(sqlite3.connect(cache.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(EnvironmentProblem, match="kept locked by another process"):
            cache.put_many(batch("x"))
        assert cache.get_many(["x-0"]) == {}


def test_a_file_in_the_folder_s_place_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "units" / "m" / "sw.sqlite").mkdir(parents=True)
    with pytest.raises(EnvironmentProblem, match="cannot be opened"):
        UnitCache("m", "sw", tmp_path)


def test_threads_of_one_process_share_a_cache(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        workers = [threading.Thread(target=cache.put_many, args=(batch(str(n), 200),)) for n in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for n in range(8):
            assert cache.get_many(list(batch(str(n), 200))) == batch(str(n), 200)


WRITER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from mlt.translate.cache import UnitCache
    from mlt.translate.engine import Hypothesis
    name, root, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with UnitCache("m", "sw", root) as cache:
        for n in range(rounds):
            cache.put_many({f"{name}-{n}-{k}": [Hypothesis(f"{name} {n} {k}")] for k in range(50)})
            cache.put_many({f"shared-{n}-{k}": [Hypothesis("same")] for k in range(50)})
            print(n, flush=True)
""")


def _start(name: str, root: Path, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, name, str(root), str(rounds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_write_one_file_at_once(tmp_path: Path) -> None:
    writers = [_start(name, tmp_path, 40) for name in ("a", "b")]
    assert [(w.communicate()[1], w.returncode) for w in writers] == [("", 0), ("", 0)]
    with UnitCache("m", "sw", tmp_path) as cache:
        keys = [f"{name}-{n}-{k}" for name in ("a", "b", "shared") for n in range(40) for k in range(50)]
        assert len(cache.get_many(keys)) == len(keys)


def test_killed_while_writing_batches_are_whole_or_absent(tmp_path: Path) -> None:
    for attempt in range(5):
        with _start(f"w{attempt}", tmp_path, 100_000) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "0\n"
            time.sleep(0.02 * attempt)
            writer.send_signal(signal.SIGKILL)
            claimed = max(map(int, ["0", *writer.stdout.read().split("\n")[:-1]]))
        with UnitCache("m", "sw", tmp_path) as cache:
            counts = [len(cache.get_many([f"w{attempt}-{n}-{k}" for k in range(50)])) for n in range(claimed + 3)]
        assert counts[: claimed + 1] == [50] * (claimed + 1)
        assert set(counts) <= {0, 50}


def test_reading_marks_old_units_as_used_when_the_cache_closes(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x"))
    age(cache.path, 30)
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.get_many(["x-0", "x-1", "x-2"])
    assert evict(tmp_path, older_than_days=7) >= 0
    with UnitCache("m", "sw", tmp_path) as cache:
        assert cache.get_many(list(batch("x"))).keys() == {"x-0", "x-1", "x-2"}


def test_a_listing_says_what_is_there(tmp_path: Path) -> None:
    assert list_caches(tmp_path) == []
    for lang, size in (("sw", 10), ("yo", 3), ("th", 0)):
        with UnitCache("m", lang, tmp_path) as cache:
            cache.put_many(batch("x", size))
    age(tmp_path / "units/m/yo.sqlite", 2)
    listed = {file.language: file for file in list_caches(tmp_path)}
    assert {lang: (file.model, file.units) for lang, file in listed.items()} == {
        "sw": ("m", 10),
        "th": ("m", 0),
        "yo": ("m", 3),
    }
    assert listed["sw"].bytes >= listed["sw"].path.stat().st_size > 0
    assert listed["th"].last_used is None
    assert (listed["sw"].last_used or 0) - (listed["yo"].last_used or 0) >= 2 * 86_400


def test_a_file_in_use_is_listed_with_what_is_not_yet_in_its_main_part(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x"))
        assert [file.units for file in list_caches(tmp_path)] == [10]


def test_evicting_a_model_removes_its_files_alone(tmp_path: Path) -> None:
    for model in ("facebook/nllb", "tiny"):
        with UnitCache(model, "sw", tmp_path) as cache:
            cache.put_many(batch("x", 1000))
    freed = evict(tmp_path, model="facebook/nllb")
    assert freed > 20_000
    assert [(file.model, file.units) for file in list_caches(tmp_path)] == [("tiny", 1000)]


def test_evicting_by_age_removes_unused_units_and_gives_the_space_back(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("old", 5000))
        cache.put_many(batch("new", 100))
    age(cache.path, 30, "key LIKE 'old-%'")
    before = cache.path.stat().st_size
    freed = evict(tmp_path, older_than_days=7)
    assert freed == before - cache.path.stat().st_size > before / 2
    assert units(cache.path) == 100
    assert evict(tmp_path, older_than_days=7) == 0


def test_evicting_to_a_size_removes_the_least_recently_used_first(tmp_path: Path) -> None:
    for lang, days in (("sw", 20), ("yo", 10), ("th", 0)):
        with UnitCache("m", lang, tmp_path) as cache:
            cache.put_many(batch(lang, 3000))
        age(cache.path, days)
    total = sum(file.bytes for file in list_caches(tmp_path))
    freed = evict(tmp_path, max_bytes=total // 2)
    left = {file.language: file.units for file in list_caches(tmp_path)}
    assert sum(file.bytes for file in list_caches(tmp_path)) == total - freed <= total // 2
    assert left.keys() == {"yo", "th"}
    assert left["th"] == 3000 and 1000 < left["yo"] < 2000
    assert evict(tmp_path, max_bytes=total) == 0
    evict(tmp_path, max_bytes=0)
    assert list_caches(tmp_path) == []


def test_a_cache_in_use_survives_its_eviction(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many(batch("x", 1000))
        evict(tmp_path, model="m")
        assert cache.get_many(list(batch("x"))) == {}
        cache.put_many(batch("y"))
    with UnitCache("m", "sw", tmp_path) as cache:
        assert cache.get_many(list(batch("y"))) == batch("y")


def test_damaged_files_go_with_any_eviction(tmp_path: Path) -> None:
    folder = tmp_path / "units" / "m"
    folder.mkdir(parents=True)
    (folder / "sw.sqlite").write_text("no database")
    (folder / "yo.sqlite.damaged-1").write_text("no database")
    assert [(file.language, file.damaged) for file in list_caches(tmp_path)] == [("sw", True), ("yo", True)]
    assert evict(tmp_path, max_bytes=10**9) == 22
    assert list_caches(tmp_path) == []


def test_evicting_nothing_in_particular_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="say what to evict"):
        evict(tmp_path)


def test_values_are_plain_json(tmp_path: Path) -> None:
    with UnitCache("m", "sw", tmp_path) as cache:
        cache.put_many({"a": [Hypothesis("ก", -1.5)]})
        with closing(sqlite3.connect(cache.path)) as file:
            (data,) = file.execute("SELECT hypotheses FROM units").fetchone()
    assert json.loads(data) == [["ก", -1.5, True, False]]
