"""Publishing to a folder: laid out as on the Hub, only what changed is written, never half."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from published_runs import make_mixture, make_run, record

from mlt.data_cards import folder_place
from mlt.data_cards.bundle import open_bundle
from mlt.data_cards.publish import publish_to_folder
from mlt.toolkit.errors import DataError, EnvironmentProblem, MltError, UsageError
from mlt.toolkit.files import write_atomic
from mlt.toolkit.store import RunStore


def publish(run: Path, out: Path, **options: Any) -> Path:
    return publish_to_folder(run, out, **{"license": "cc0-1.0", "checked": True, **options})


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def times(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*")}


class Full:
    """A disk that is full after so many files."""

    def __init__(self, writes: int) -> None:
        self.left = writes

    def __call__(self, path: Path, data: bytes) -> None:
        if not self.left:
            raise EnvironmentProblem("no space left")
        self.left -= 1
        write_atomic(path, data)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    languages = {lang: [[record(id, lang) for id in "abc"]] for lang in ("en", "sw", "th")}
    return make_run(tmp_path_factory.mktemp("made") / "run", languages)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def out(run: Path, tmp_path: Path) -> Path:
    return publish(run, tmp_path / "out")


def test_the_folder_holds_what_would_be_sent_and_its_card(run: Path, out: Path) -> None:
    with open_bundle(run) as bundle:
        wanted = {name: path.read_bytes() for name, path in bundle.files.items()}
    found = content(out)
    assert found.pop("README.md").startswith(b"---\n")
    assert found == wanted


def test_every_config_loads_from_the_folder(run: Path, out: Path, tmp_path: Path) -> None:
    from datasets import get_dataset_config_names, load_dataset

    assert get_dataset_config_names(str(out)) == ["math_en", "math_sw", "math_th"]
    loaded = load_dataset(str(out), "math_sw", cache_dir=str(tmp_path / "cache"))
    assert [row["id"] for row in loaded["train"]] == ["a", "b", "c"]


def test_only_what_changed_is_written(run: Path, out: Path) -> None:
    before = times(out)
    publish(run, out)
    assert times(out) == before
    make_run(run, {"fr": [[record("a", "fr")]]})
    publish(run, out)
    after = times(out)
    same = {name for name in before if after.get(name) == before[name]}
    assert {name for name in before if name.endswith(".parquet")} <= same
    assert "data/math_fr/train-00000.parquet" in after


def test_what_is_gone_from_the_run_goes_and_what_is_not_ours_stays(made: Path, out: Path, tmp_path: Path) -> None:
    (out / "notes.txt").write_text("mine")
    publish(make_run(tmp_path / "fewer", {lang: [[record(id, lang) for id in "abc"]] for lang in ("en", "sw")}), out)
    assert not any("th" in Path(name).parts or "math_th" in name for name in content(out))
    assert not (out / "done" / "th").exists()
    assert (out / "notes.txt").read_text() == "mine"


def test_text_of_people_stays_in_the_card(run: Path, out: Path) -> None:
    with (out / "README.md").open("a") as card:
        card.write("\nMy own words.\n")
    make_run(run, {"fr": [[record("a", "fr")]]})
    publish(run, out)
    text = (out / "README.md").read_text()
    assert text.endswith("\nMy own words.\n") and "math_fr" in text


@pytest.mark.parametrize("writes", [1, 4, 6])
def test_broken_off_it_is_not_a_published_folder_and_the_next_call_completes_it(
    run: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    make_run(run, {lang: [[record("a", lang)]] for lang in ("fr", "yo")})
    whole = content(publish(run, tmp_path / "whole"))
    for target in (tmp_path / "new", out):
        with monkeypatch.context() as patched:
            patched.setattr(folder_place, "write_atomic", Full(writes))
            with pytest.raises(EnvironmentProblem):
                publish(run, target)
        with pytest.raises(MltError), open_bundle(target):
            pass
        assert content(publish(run, target)) == whole


def test_a_folder_of_something_else_is_refused_and_left_as_it_is(run: Path, out: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with RunStore.open(other, {"source": "elsewhere"}) as store:
        store.write_shard("en", 0, [record("a", "en")], [], {"in": 1})
        store.save_manifest(complete=True, languages={"en": store.totals("en")})
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("x")
    file = tmp_path / "file"
    file.write_text("x")
    mixture = make_mixture(tmp_path / "mix")
    before = content(tmp_path)
    for source, target, expected in (
        (other, out, "source = 'made-up', this one has 'elsewhere'"),
        (mixture, out, "holds a run, this is a set of mixtures"),
        (run, foreign, "holds thesis.tex and no published.json"),
        (run, file, "is a file: choose a folder"),
        (run, run, "choose a folder apart from"),
        (run, run / "published", "choose a folder apart from"),
    ):
        with pytest.raises(UsageError, match=rf"^(?!.*\n).*{expected}"):
            publish(source, target)
    assert content(tmp_path) == before


def test_a_damaged_manifest_in_the_way_is_named(run: Path, out: Path) -> None:
    (out / "published.json").write_text("{")
    with pytest.raises(DataError, match=r"its published.json is damaged"):
        publish(run, out)


def test_a_licence_is_asked_for_once(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="publishing needs --license"):
        publish_to_folder(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    publish(run, run.parent / "first")
    shutil.copyfile(run.parent / "first" / "README.md", run / "README.md")
    out = publish_to_folder(run, tmp_path / "out", checked=True)
    assert "license: cc0-1.0" in (out / "README.md").read_text()
