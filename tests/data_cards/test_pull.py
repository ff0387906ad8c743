from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hub_repository import Blob, Repository
from hub_server import TOKEN, HubServer
from published_runs import make_mixture, make_run, published, record

from mlt.data_cards.pull import pull
from mlt.toolkit.errors import UsageError
from mlt.toolkit.run import open_run

PULLS = """
import json, sys
from mlt.data_cards.pull import pull
from mlt.toolkit.errors import MltError
for name, out, options in json.load(sys.stdin):
    try:
        result = pull(name, out, **options)
        print(json.dumps([str(result.path), result.revision, result.languages]))
    except MltError as error:
        print(json.dumps([type(error).__name__, str(error)]))
"""


@dataclass
class Pulled:
    """What pulls in a process of their own came to, by name of the case; ``asked``: what each wanted of the Hub."""

    results: dict[str, list[Any]]
    commits: list[str]
    paths: list[str]
    base: Path


def content(folder: Path) -> dict[str, Blob]:
    """A folder's files as the Hub keeps them."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): Blob(path.read_bytes(), path.suffix == ".parquet") for path in paths}


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Pulled:
    """Two commits of a run, a private set and one of somebody else, pulled in all ways, with and without the Hub."""
    base = tmp_path_factory.mktemp("hub")
    english = [[record("a", "en"), record("b", "en")]]
    run = make_run(base / "run", {"en": english})
    with HubServer() as hub:
        ours = hub.repositories["dataset", "someone/ours"] = Repository("dataset", "someone/ours")
        first = ours.commit("main", content(published(run, base / "one")), "first")
        make_run(run, {"sw": [[record("a"), record("b")]]})
        files = content(published(run, base / "two")) | {"README.md": Blob(b"a card", False)}
        second = ours.commit("main", files | {"notes/huge.bin": Blob(b"not ours", True)}, "second")
        theirs = hub.repositories["dataset", "someone/theirs"] = Repository("dataset", "someone/theirs")
        theirs.commit("main", {"data/train.parquet": Blob(b"x", True)}, "first")
        secret = hub.repositories["dataset", "someone/secret"] = Repository("dataset", "someone/secret", private=True)
        secret.commit("main", files, "first")
        online = _pull(
            base,
            hub.url,
            {
                "newest": ("someone/ours", "newest", {}),
                "again": ("someone/ours", "newest", {}),
                "pinned": ("someone/ours", "pinned", {"revision": first.oid}),
                "private": ("someone/secret", "private", {}),
                "not ours": ("someone/theirs", "x", {}),
                "missing": ("someone/nothing", "x", {}),
                "no such revision": ("someone/ours", "x", {"revision": "nowhere"}),
                "no id": ("some one/ours/x", "x", {}),
            },
        )
        paths = [request.path for request in hub.requests]
        refused = _pull(base, hub.url, {"bad token": ("someone/theirs", "x", {})}, token="hf_wrong")
    offline = _pull(
        base,
        hub.url,
        {"no network": ("someone/other", "x", {}), "no network, but kept": ("someone/ours", "kept", {})},
    )
    return Pulled({**online, **refused, **offline}, [first.oid, second.oid], paths, base)


def _pull(base: Path, url: str, cases: dict[str, Any], token: str = TOKEN) -> dict[str, list[Any]]:
    hub = {"HF_ENDPOINT": url, "HF_HOME": str(base / "home"), "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1"}
    asked = json.dumps([(name, str(base / out), options) for name, out, options in cases.values()])
    done = subprocess.run(
        [sys.executable, "-c", PULLS],
        input=asked,
        env={**os.environ, **hub},
        capture_output=True,
        text=True,
        check=True,
    )
    assert token not in done.stdout + done.stderr
    return dict(zip(cases, map(json.loads, done.stdout.splitlines()), strict=True))


def test_a_set_of_the_hub_becomes_a_run(pulled: Pulled) -> None:
    out = pulled.base / "newest"
    assert pulled.results["newest"] == [str(out), pulled.commits[1], ["en", "sw"]]
    run, original = open_run(out), open_run(pulled.base / "run")
    assert {lang: run.read_shard(lang, 0) for lang in run.languages} == {
        lang: original.read_shard(lang, 0) for lang in original.languages
    }
    assert pulled.results["again"] == pulled.results["newest"]
    path, commit, languages = pulled.results["private"]
    assert (path, len(commit), languages) == (str(pulled.base / "private"), 40, ["en", "sw"])


def test_a_revision_is_what_it_was(pulled: Pulled) -> None:
    assert pulled.results["pinned"] == [str(pulled.base / "pinned"), pulled.commits[0], ["en"]]
    assert open_run(pulled.base / "pinned").languages == ["en"]


def test_only_our_own_files_are_fetched(pulled: Pulled) -> None:
    fetched = [path.partition("/resolve/")[2] for path in pulled.paths if "/resolve/" in path]
    assert any("data/math_sw/train-00000.parquet" in path for path in fetched)
    assert not any("huge.bin" in path or "data/train.parquet" in path for path in fetched)


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("not ours", "UsageError", "mlt translate hf://someone/theirs"),
        ("missing", "UsageError", "no such data set"),
        ("no such revision", "UsageError", "someone/ours@nowhere"),
        ("no id", "UsageError", "not a Hub id"),
        ("bad token", "EnvironmentProblem", "HF_TOKEN"),
        ("no network", "EnvironmentProblem", "the Hub cannot be reached"),
    ],
)
def test_what_cannot_be_pulled_is_said_in_one_line(pulled: Pulled, case: str, kind: str, said: str) -> None:
    found, message = pulled.results[case]
    assert found == kind
    assert said in message
    assert "\n" not in message


def test_without_a_connection_what_was_fetched_before_will_do(pulled: Pulled) -> None:
    assert pulled.results["no network, but kept"] == [str(pulled.base / "kept"), pulled.commits[1], ["en", "sw"]]


def test_a_folder_is_pulled_as_the_hub_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run", {"en": [[record("a", "en")]], "sw": [[record("a")]]})
    published(run, tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    result = pull("set")
    assert (result.path, result.revision, result.languages) == (tmp_path / "runs/set", None, ("en", "sw"))
    assert (tmp_path / "runs/set/run.json").read_bytes() == (run / "run.json").read_bytes()
    mixture = published(make_mixture(tmp_path / "L02"), tmp_path / "ladder")
    assert pull(str(mixture), tmp_path / "out").path == tmp_path / "out"
    assert (tmp_path / "out/L02/mixture.json").read_bytes() == (tmp_path / "L02/mixture.json").read_bytes()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda folder: pull(str(folder), revision="v1"), "--revision v1"),
        (lambda folder: pull(str(folder), folder / "out"), "read it as a source, mlt translate"),
    ],
)
def test_a_folder_that_cannot_be_pulled_is_refused(tmp_path: Path, ask: Callable[[Path], Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ask(tmp_path)
