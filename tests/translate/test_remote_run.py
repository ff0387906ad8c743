"""mlt translate with a URL as --out: the same rows as in a folder, from one process, tasks or workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from remote_store import CutOff, let_lapse, objects

from mlt.eval.test_sets import open_test_set
from mlt.filter.api import filter_run
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.joined_run import JoinedRun
from mlt.toolkit.languages import resolve
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.run import Run, local_folder, manifest_at, open_run
from mlt.train.api import mix
from mlt.translate import translate
from mlt.translate.commands import run_translate
from mlt.translate.distributed.merge import merge
from mlt.translate.distributed.worker import EngineRequest, RunPlace, ShardItem, ShardWorker
from mlt.translate.shard import Settings
from mlt.translate.shortlist.state import State, StateChain

URL = "cut://bucket/runs/mine"
ASKED: dict[str, Any] = {"langs": "sw,yo", "model": "identity", "limit": 5, "shard_size": 2}


@pytest.fixture(autouse=True)
def store_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MLT_CACHE_DIR", str(tmp_path / "cache"))
    CutOff.empty()
    yield
    CutOff.empty()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same run in a folder."""
    folder = tmp_path_factory.mktemp("plain")
    return open_run(translate(**ASKED, out=folder / "run", cache_dir=folder / "cache").path)


def said(run: Run) -> dict[str, Any]:
    """All but what takes time."""
    counted = {lang: dict(entry) for lang, entry in run.manifest["languages"].items()}
    for entry in counted.values():
        for key in ("seconds", "units_per_s", "decoded", "cached"):
            entry.pop(key, None)
    rows = {lang: list(run.records(lang)) for lang in run.languages}
    return {**{key: run.manifest[key] for key in ("identity", "complete")}, "counted": counted, "rows": rows}


def test_a_run_on_a_url_is_the_run_in_a_folder(plain: Run, tmp_path: Path) -> None:
    result = translate(**ASKED, out=Path(URL))
    assert (result.path, result.where) == (URL, URL)
    assert said(open_run(URL)) == said(plain)
    folder = {path.relative_to(plain.path).as_posix() for path in plain.path.rglob("*") if path.is_file()}
    assert objects(URL) == folder - {".lock"}
    changes = len(CutOff.changes)
    assert translate(**ASKED, out=URL).manifest["complete"] is True
    assert not [path for path in CutOff.changes[changes:] if path.endswith(".parquet")]
    with pytest.raises(DataError, match=r"^cut://bucket/runs/mine was made with decoding.beam_size = 4"):
        translate(**ASKED, out=URL, beam_size=2)


def test_stopped_anywhere_another_machine_ends_it_with_the_same_rows(plain: Run, tmp_path: Path) -> None:
    translate(**ASKED, out=URL)
    changes = len(CutOff.changes)
    for number in range(2, changes, 7):
        CutOff.empty()
        CutOff.reset(number)
        with pytest.raises(EnvironmentProblem, match="the line is dead"):
            translate(**ASKED, out=URL, cache_dir=tmp_path / f"one-{number}")
        CutOff.reset()
        let_lapse(URL)
        translate(**ASKED, out=URL, cache_dir=tmp_path / f"two-{number}")
        assert said(open_run(URL)) == said(plain)


def test_a_run_on_a_url_grows_by_languages_and_rows_from_another_machine(tmp_path: Path) -> None:
    few = {**ASKED, "langs": "sw", "limit": 3}
    translate(**few, out=URL, cache_dir=tmp_path / "one")
    translate(**ASKED, out=URL, cache_dir=tmp_path / "two")
    translate(**few, out=tmp_path / "run")
    translate(**ASKED, out=tmp_path / "run")
    assert said(open_run(URL)) == said(open_run(tmp_path / "run"))


def test_tasks_make_a_run_on_a_url_and_merge_completes_it(plain: Run, tmp_path: Path) -> None:
    translate(**ASKED, out=URL, shard="2/2", cache_dir=tmp_path / "two")
    with pytest.raises(DataError, match=r"^cut://bucket/runs/mine lacks \d shards"):
        merge(Path(URL), [], NullProgress())
    translate(**ASKED, out=URL, shard="1/2", cache_dir=tmp_path / "one")
    assert (manifest_at(URL) or {})["complete"] is False
    merge(Path(URL), [], NullProgress())
    assert said(open_run(URL)) == said(plain)


def test_parts_on_urls_are_merged_into_a_run_on_a_url(plain: Run, tmp_path: Path) -> None:
    parts = [f"{URL}-{number}" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        translate(**ASKED, out=part, shard=f"{number}/2")
    merge(Path(URL), [Path(part) for part in parts], NullProgress())
    assert said(open_run(URL)) == said(plain)


def test_a_worker_makes_shards_of_a_run_on_a_url(plain: Run, tmp_path: Path) -> None:
    url = (tmp_path / "far" / "run").as_uri()
    translate(**ASKED, out=url, shard="9999/9999")  # English alone
    workers = [ShardWorker(EngineRequest("identity", cache_dir=str(tmp_path / name)), 1) for name in ("one", "two")]
    for lang in ("sw", "yo"):
        for index, worker in zip((2, 0, 1), (*workers, workers[0]), strict=True):
            worker.work(ShardItem(RunPlace(url, Settings(), 2, "off"), resolve(lang).language, index))
    merge(Path(url), [], NullProgress())
    assert said(open_run(url)) == said(plain)
    assert (local_folder(url) / "yo" / "part-00002.parquet").is_file()


def test_a_list_of_words_is_agreed_upon_on_a_url(tmp_path: Path) -> None:
    translate(**ASKED, out=URL, shard="9999/9999")  # English alone
    joined = [JoinedRun.join(URL, tmp_path / name) for name in ("one", "two")]
    first, second = (StateChain(run, "th") for run in joined)
    begun = first.append(State(kind="script"))
    assert second.append(State(kind="learned")) == begun
    given_up = second.append(State(kind=None))
    assert first.append(State(kind="script", width=1)) == given_up
    joined[1].home.refresh("th")
    assert StateChain(joined[1], "th").load() == given_up


def test_a_run_on_a_url_is_read_from_there(tmp_path: Path, plain: Run) -> None:
    translate(**ASKED, out=URL)
    asked: dict[str, Any] = {"lid": "embedded", "langs": "sw"}
    far = filter_run(URL, tmp_path / "far", **asked).manifest
    near = filter_run(plain.path, tmp_path / "near", **asked).manifest
    assert far["input"] == URL
    assert far["filter"] == near["filter"]
    mixed = [
        mix([run], tmp_path / name / "mixed", per_language=2).manifest for name, run in (("a", URL), ("b", plain.path))
    ]
    assert mixed[0]["files"] == mixed[1]["files"]
    assert open_test_set("math", "sw", URL).items


@pytest.mark.parametrize("write", [lambda url: filter_run("x", url), lambda url: mix(["x"], url, per_language=1)])
def test_what_has_to_be_written_to_a_folder_is_refused_a_url(write: Callable[[Path], object]) -> None:
    with pytest.raises(UsageError, match=r"^--out cut://bucket/runs/mine: expected a folder of this machine"):
        write(Path(URL))


def test_the_command_names_the_url_without_credentials(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = Path("cut://ann:tops3cret@bucket/x")
    request = {"columns": None, "force": False, "dry_run": False, "as_json": False}
    run_translate(None, out=out, **request, langs="sw", model="identity", limit=2)
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "cut://bucket/x"
    assert "tops3cret" not in printed.out + printed.err
    kept = [path.read_text() for path in (tmp_path / "cache" / "mirrors").rglob("*.json")]
    assert kept and "tops3cret" not in json.dumps(kept)
