from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from published_runs import make_mixture, make_run, published, record

from mlt.data_cards.bundle import open_bundle
from mlt.data_cards.restore import restore
from mlt.filter.api import filter_run
from mlt.filter.check import BaseCheck
from mlt.filter.patch import patch_run
from mlt.filter.registry import check_class, check_names
from mlt.toolkit import shard_files
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.files import read_json
from mlt.toolkit.run import Run, open_run
from mlt.toolkit.store import RunStore
from mlt.translate.api import translate

SOURCE = {"model": "corrupting", "limit": 110, "shard_size": 45}
OFF = {name: {"enabled": False} for name in ("copy", "language", "answer", "sums", "names", "fragments")}
POLICY = {"checks": {**OFF, "repetition": {"max": 0.025}}}
STRICTER = {"checks": {**OFF, "repetition": {"max": 0.015}, "length": {"min": -3.0}}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``run``: translated, math and api in one shard; th loses all. ``filtered``: filtered; ``published``: that."""
    base = tmp_path_factory.mktemp("made")
    translate(langs="sw,th", out=base / "run", cache_dir=base / "cache", **SOURCE)
    filter_run(base / "run", base / "filtered", policy=POLICY)
    published(base / "filtered", base / "published")
    return base


@pytest.fixture
def unscored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No check may score while a test runs."""

    def refuse(*_: Any) -> None:
        raise AssertionError("a check was asked for scores")

    for cls in {check_class(name) for name in check_names()} | {BaseCheck}:
        for name in ("score", "score_all", "score_pair"):
            if name in vars(cls):
                monkeypatch.setattr(cls, name, refuse)
    yield


def files(folder: Path) -> dict[str, bytes]:
    """The content of a run's files but for what says when or where it was made."""
    skipped = (".lock", "report.html", "run.json")
    names = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.name not in skipped)
    return {name.as_posix(): (folder / name).read_bytes() for name in names if name.parts[0] not in ("input", "facts")}


def rows(run: Path) -> dict[str, list[Any]]:
    """All rows of a run as they stand: kept and rejected, by language."""
    opened = open_run(run)
    return {
        lang: [(opened.table(lang, n), opened.rejected_table(lang, n)) for n in opened.shards(lang)]
        for lang in opened.languages
    }


def rejected(run: Run, lang: str) -> dict[str, str]:
    return {entry.record.id: entry.reason for entry in run.rejected(lang) if entry.record is not None}


def test_the_fixture_has_what_is_to_be_restored(made: Path) -> None:
    totals = open_run(made / "filtered").manifest["languages"]["sw"]
    assert totals["shards"] == 3
    assert min(totals["out"], sum(totals["carried"].values()), sum(totals["dropped"].values())) > 3
    assert read_json(made / "published/published.json")["shards"]["en"]["2"] == [
        ["math", "train", 10],
        ["api", "train", 10],
    ]


def test_a_filtered_run_comes_back_byte_for_byte(made: Path, tmp_path: Path) -> None:
    out = restore(made / "published", tmp_path / "a" / "out")
    assert files(out) == files(made / "filtered")
    manifest = read_json(made / "filtered/run.json")
    assert read_json(out / "run.json") == {**manifest, "input": str(out / "input")}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_what_came_back_is_published_as_it_was(made: Path, tmp_path: Path) -> None:
    out = restore(made / "published", tmp_path / "out")
    again = published(out, tmp_path / "again")
    assert files(again) == files(made / "published")
    assert (again / "run.json").read_bytes() == (made / "published/run.json").read_bytes()


def test_the_run_before_the_filter_comes_back_beside_it(made: Path, tmp_path: Path) -> None:
    given = restore(made / "published", tmp_path / "out") / "input"
    original, before = (
        {name: data for name, data in files(run).items() if not name.startswith("done/")}
        for run in (made / "run", given)
    )
    assert before == original
    one, other = open_run(made / "run"), open_run(given)
    for name in ("identity", "signature", "licenses", "model_notice"):
        assert other.manifest[name] == one.manifest[name]
    for lang in one.languages:
        for index in one.shards(lang):
            was, now = one.done(lang, index), other.done(lang, index, verify=True)
            assert (
                was and now and [now[name] for name in ("in", "input", "out")] == [was["in"], was["input"], was["out"]]
            )


@pytest.mark.usefixtures("unscored")
@pytest.mark.parametrize("row_group", [1000, 7], ids=["equal bytes", "other bytes"])
def test_it_is_decided_again_without_a_score_made_anew(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row_group: int
) -> None:
    shutil.copytree(made / "filtered", tmp_path / "own")
    filter_run(made / "run", tmp_path / "own", policy=STRICTER)
    monkeypatch.setattr(shard_files, "_ROW_GROUP", row_group)
    out = restore(made / "published", tmp_path / "out")
    filter_run(out / "input", out, policy=STRICTER)
    assert rows(out) == rows(tmp_path / "own") != rows(made / "filtered")


def test_a_language_more_is_added_to_what_came_back(made: Path, tmp_path: Path) -> None:
    out = restore(made / "published", tmp_path / "out")
    before = files(out / "input")
    translate(langs="sw,de", out=out / "input", cache_dir=tmp_path / "cache", **SOURCE)
    assert before.items() <= files(out / "input").items()
    scores = (out / "scores/sw/part-00000.parquet").read_bytes()
    filter_run(out / "input", out, policy=POLICY)
    assert open_run(out).languages == ["en", "de", "sw", "th"]
    assert (out / "scores/sw/part-00000.parquet").read_bytes() == scores


def test_edits_come_along_and_are_undone_in_the_run_before_the_filter(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "filtered", tmp_path / "edited")
    run = open_run(made / "filtered")
    bad, changed = [entry.id for entry in run.records("sw")][:2]
    by_reason = {reason: id for id, reason in rejected(run, "sw").items()}
    edits: list[dict[str, Any]] = [
        {"id": bad, "verdict": "bad", "note": "no"},
        {"id": changed, "texts": {"target": f"{next(r.target for r in run.records('sw') if r.id == changed)} "}},
        {"id": by_reason["repetition"], "verdict": "good"},
        {"id": by_reason["number-lost"], "verdict": "bad"},
    ]
    lines = [json.dumps({"lang": "sw", "who": "me", **edit}) for edit in edits]
    (tmp_path / "edits.jsonl").write_text("\n".join(lines))
    assert len(patch_run(tmp_path / "edited", tmp_path / "edits.jsonl").applied) == len(edits)

    out = restore(published(tmp_path / "edited", tmp_path / "published"), tmp_path / "out")
    assert files(out) == files(tmp_path / "edited")
    original, given = open_run(made / "run"), open_run(out / "input")
    assert [e.with_(units=()) for e in given.records("sw")] == [e.with_(units=()) for e in original.records("sw")]
    assert rejected(given, "sw") == rejected(original, "sw")
    filter_run(out / "input", out, policy=POLICY)
    filter_run(made / "run", tmp_path / "edited", policy=POLICY)
    assert [e.with_(units=()) for e in open_run(out).records("sw")] == [
        e.with_(units=()) for e in open_run(tmp_path / "edited").records("sw")
    ]


def test_a_run_that_was_never_filtered_comes_back_with_its_facts(made: Path, tmp_path: Path) -> None:
    out = restore(published(made / "run", tmp_path / "published"), tmp_path / "out")
    assert files(out) == files(made / "run")
    assert (out / "run.json").read_bytes() == (made / "run/run.json").read_bytes()
    assert [path.name for path in sorted((out / "facts").iterdir())] == ["calibration-sw.json", "calibration-th.json"]
    assert not (out / "input").exists()


@pytest.mark.parametrize("broken_off", [1, 6, 9, 10, 16])
def test_broken_off_and_called_again_it_completes(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken_off: int
) -> None:
    written: list[tuple[str, int]] = []
    write = RunStore.write_tables

    def break_off(store: RunStore, lang: str, index: int, *rest: Any) -> Any:
        if len(written) == broken_off:
            raise KeyboardInterrupt
        written.append((lang, index))
        return write(store, lang, index, *rest)

    monkeypatch.setattr(RunStore, "write_tables", break_off)
    with pytest.raises(KeyboardInterrupt):
        restore(made / "published", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(RunStore, "write_tables", lambda *given: written.append(given[1:3]) or write(*given))
    out = restore(made / "published", tmp_path / "out")
    assert files(out) == files(made / "filtered")
    assert files(out / "input")["sw/part-00001.parquet"] == files(made / "run")["sw/part-00001.parquet"]
    assert len(written) == 18


def test_what_was_begun_of_another_set_is_not_taken_up(made: Path, tmp_path: Path) -> None:
    begun = tmp_path / ".out.staged" / "another"
    make_run(begun, {"en": [[record("a", "en")]]})
    assert files(restore(made / "published", tmp_path / "out")) == files(made / "filtered")
    assert not begun.parent.exists()


def test_a_folder_that_holds_the_run_is_left_alone(made: Path, tmp_path: Path) -> None:
    out = restore(made / "published", tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert restore(made / "published", tmp_path / "out") == out
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def another_run(out: Path) -> None:
    make_run(out, {"en": [[record("a", "en")]]})


def a_file(out: Path) -> None:
    out.write_text("x")


def something_else(out: Path) -> None:
    out.mkdir()
    (out / "notes.txt").write_text("x")


@pytest.mark.parametrize("make", [another_run, a_file, something_else])
def test_a_folder_that_holds_something_else_is_refused(
    made: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "out")
    with pytest.raises(UsageError, match="choose another folder"):
        restore(made / "published", tmp_path / "out")


def test_a_run_that_was_decided_again_is_not_put_back(made: Path, tmp_path: Path) -> None:
    out = restore(made / "published", tmp_path / "out")
    filter_run(out / "input", out, policy=STRICTER)
    with pytest.raises(UsageError, match="choose another folder"):
        restore(made / "published", out)


def test_one_process_at_a_time(made: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / ".out.staged").mkdir()
    with FileLock(tmp_path / ".out.staged/.lock"), pytest.raises(EnvironmentProblem, match="another process"):
        restore(made / "published", tmp_path / "out")


def test_mixtures_come_back_with_their_run_or_by_themselves(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"en": [[record("a", "en")]]})
    for name in ("L01", "L02"):
        make_mixture(run / "mixtures" / name)
    out = restore(published(run, tmp_path / "published"), tmp_path / "out")
    assert files(out) == files(run)
    ladder = restore(published(run / "mixtures", tmp_path / "ladder"), tmp_path / "mixtures")
    assert files(ladder) == files(run / "mixtures")
    with open_bundle(ladder) as bundle:
        assert [config.name for config in bundle.configs] == ["L01", "L02"]


def change(name: str, **values: Any) -> Callable[[Path], None]:
    """Sets values in a JSON file."""
    return lambda folder: (folder / name).write_text(json.dumps({**read_json(folder / name), **values}))


def lose(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def swap(name: str, other: str) -> Callable[[Path], None]:
    """Puts a file's content in another's place."""
    return lambda folder: shutil.copyfile(folder / name, folder / other)


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text)


SHARDS = {"en": {"0": [["math", "train", 1]]}}
DAMAGES: dict[str, Callable[[Path], None]] = {
    "no JSON": write("published.json", "{"),
    "a list": write("published.json", "[]"),
    "another schema": change("published.json", schema_version="2"),
    "another kind": change("published.json", kind="model"),
    "no shards": change("published.json", shards=None),
    "a signature that is none": change("published.json", signature=1),
    "a language that leads elsewhere": change("published.json", shards={"../en": SHARDS["en"]}),
    "a language that is a folder of ours": change("published.json", shards={"done": SHARDS["en"]}),
    "a task that leads elsewhere": change("published.json", shards={"en": {"0": [["../math", "train", 1]]}}),
    "an absolute task": change("published.json", shards={"en": {"0": [["/etc/math", "train", 1]]}}),
    "a split that is none": change("published.json", shards={"en": {"0": [["math", "../train", 1]]}}),
    "a shard that is no number": change("published.json", shards={"en": {"../0": [["math", "train", 1]]}}),
    "a count that is none": change("published.json", shards={"en": {"0": [["math", "train", True]]}}),
    "a huge count": change("published.json", shards={"en": {"0": [["math", "train", 10**15]]}}),
    "another count": change("published.json", shards=SHARDS),
    "no identity": change("run.json", identity=None),
    "a run of another schema": change("run.json", schema_version="7"),
    "a policy that is none": change("run.json", filter={"policy": []}),
    "languages that are none": change("run.json", languages={"en": 3}),
    "no run.json": lose("run.json"),
    "no rows": lose("data/math_sw/train-00001.parquet"),
    "no marker": lose("done/sw/part-00001.json"),
    "no rejected rows": lose("rejected/sw/part-00001.parquet"),
    "a marker of another shard": swap("done/sw/part-00000.json", "done/sw/part-00001.json"),
    "a marker without files": change("done/sw/part-00001.json", files=None),
    "a marker with a reserved name": change("done/sw/part-00001.json", shards=1),
    "rejected for other reasons": change("done/th/part-00000.json", rejected={"other": 45}),
    "rows of another language": swap("data/math_en/train-00001.parquet", "data/math_th/train-00001.parquet"),
    "rows of another shard": swap("data/math_sw/train-00000.parquet", "data/math_sw/train-00001.parquet"),
    "rows of another kind": swap("scores/sw/part-00001.parquet", "data/math_sw/train-00001.parquet"),
    "rows that are no Parquet": write("data/math_sw/train-00001.parquet", "x"),
    "scores that are no Parquet": write("scores/sw/part-00001.parquet", "x"),
    "edits that are none": write("edits.jsonl", "[]\n"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_hostile_folder_is_refused_in_one_line(made: Path, tmp_path: Path, damage: str) -> None:
    folder = shutil.copytree(made / "published", tmp_path / "published")
    before = sorted(tmp_path.rglob("*"))
    if damage == "rows of another language":
        published_shards = read_json(folder / "published.json")
        published_shards["shards"]["th"]["1"] = [["math", "train", 45]]
        (folder / "published.json").write_text(json.dumps(published_shards))
        marker = read_json(folder / "done/th/part-00001.json")
        (folder / "done/th/part-00001.json").write_text(json.dumps({**marker, "out": 45, "in": 90}))
        (folder / "data/math_th").mkdir()
    DAMAGES[damage](folder)
    with pytest.raises(DataError) as caught:
        restore(folder, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert set(tmp_path.iterdir()) - set(before) <= {tmp_path / ".out.staged"}


def test_a_folder_that_was_not_published_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was not published by mlt"):
        restore(made / "filtered", tmp_path / "out")


def test_a_file_of_pairs_comes_back_as_the_run_that_it_became(tmp_path: Path) -> None:
    texts = [(str(n), f"{n} cups are here.", f"Vikombe {n} viko hapa.") for n in range(9)]
    pairs = [{"id": id, "source": source, "target": target, "lang": "sw"} for id, source, target in texts]
    twice, unknown = {**pairs[0], "target": "Tena 0."}, {**pairs[1], "lang": "?"}
    empty = {"id": "x", "source": "", "target": "y", "lang": "sw"}
    wrong = {**pairs[2], "id": "z", "target": "Vikombe 7 viko hapa."}
    (tmp_path / "pairs.jsonl").write_text(
        "".join(f"{json.dumps(row)}\n" for row in [empty, unknown, *pairs, twice, wrong])
    )
    made = tmp_path / "made"
    filter_run(tmp_path / "pairs.jsonl", made, policy={"checks": OFF}, shard_size=4)
    out = restore(published(made, tmp_path / "published"), tmp_path / "out")
    assert {"numbers", "empty-source"} <= open_run(out).manifest["languages"]["sw"]["rejected"].keys()
    assert files(out / "input") == files(made / "input")
    assert rows(out) == rows(made)
