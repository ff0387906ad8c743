from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_runs import make_mixture, make_run, published, record

from mlt.data_cards.bundle import Bundle, open_bundle
from mlt.data_cards.divide import divide, kinds_of, pieces_of, put_together
from mlt.data_cards.local_paths import published_manifest, without_paths
from mlt.toolkit.errors import DataError, MltError, UsageError
from mlt.toolkit.records import record_schema
from mlt.toolkit.run import open_run
from mlt.toolkit.shard_files import kept_table, read_table, write_table


def mixed(folder: Path) -> Path:
    """A run whose first shard mixes tasks and splits, whose second is of one kind; th keeps nothing."""
    first = [("a", "math", "train"), ("b", "api", "test"), ("c", "math", "train"), ("d", "math", "dev")]
    second = [("e", "api", "somewhere"), ("f", "api", "train")]
    shards = {
        lang: [[record(id, lang, task, split) for id, task, split in part] for part in (first, second)]
        for lang in ("en", "sw", "th")
    }
    make_run(folder, {lang: shards[lang] for lang in ("sw", "en")})
    return make_run(folder, {"th": shards["th"]}, aside="abcdef")


def splits(bundle: Bundle) -> dict[str, dict[str, tuple[str, ...]]]:
    return {config.name: dict(config.splits) for config in bundle.configs}


def test_a_config_holds_the_rows_of_one_task_and_language(tmp_path: Path) -> None:
    run = open_run(mixed(tmp_path / "run"))
    with open_bundle(run.path) as bundle:
        assert bundle.kind == "run"
        assert bundle.languages == ("en", "sw", "th")
        assert [config.name for config in bundle.configs] == ["api_en", "math_en", "api_sw", "math_sw"]
        assert splits(bundle)["math_sw"] == {
            "train": ("data/math_sw/train-00000.parquet",),
            "dev": ("data/math_sw/dev-00000.parquet",),
        }
        assert splits(bundle)["api_sw"] == {
            "train": ("data/api_sw/train-00001.parquet",),
            "test": ("data/api_sw/test-00000.parquet",),
        }
        rows = {
            name: pq.read_table(path).column("id").to_pylist() for name, path in bundle.files.items() if "_sw" in name
        }
        assert rows == {
            "data/math_sw/train-00000.parquet": ["a", "c"],
            "data/math_sw/dev-00000.parquet": ["d"],
            "data/api_sw/test-00000.parquet": ["b"],
            "data/api_sw/train-00001.parquet": ["e", "f"],
        }


def test_a_shard_of_one_kind_is_published_byte_for_byte(tmp_path: Path) -> None:
    run = mixed(tmp_path / "run")
    with open_bundle(run) as bundle:
        assert bundle.files["data/api_sw/train-00001.parquet"] == run / "sw/part-00001.parquet"


@pytest.mark.parametrize("where", ["run", "published"])
def test_rows_come_in_the_order_of_the_run(tmp_path: Path, where: str) -> None:
    run = open_run(mixed(tmp_path / "run"))
    folder = run.path if where == "run" else published(run.path, tmp_path / "published")
    with open_bundle(folder) as bundle:
        for lang in bundle.languages:
            assert list(bundle.kept(lang)) == [run.table(lang, index) for index in (0, 1)]
        assert list(bundle.rejected("th")) == [run.rejected_table("th", index) for index in (0, 1)]
        assert list(bundle.rejected("sw")) == list(bundle.scores("sw")) == []


def test_a_published_folder_is_published_as_it_is(tmp_path: Path) -> None:
    make_mixture(mixed(tmp_path / "run") / "mixtures" / "L02")
    folder = published(tmp_path / "run", tmp_path / "published")
    again = published(folder, tmp_path / "again")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert all((folder / name).read_bytes() == (again / name).read_bytes() for name in files)
    with open_bundle(tmp_path / "run") as one, open_bundle(folder) as other:
        assert list(one.files) == list(other.files) == sorted(one.files)
        assert (one.configs, one.manifest, one.shards) == (other.configs, other.manifest, other.shards)


def test_files_made_for_a_bundle_are_gone_afterwards(tmp_path: Path) -> None:
    with open_bundle(mixed(tmp_path / "run")) as bundle:
        paths = list(bundle.files.values())
        assert all(path.is_file() for path in paths)
    assert {path.is_file() for path in paths if tmp_path not in path.parents} == {False}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["math", "api"]), st.sampled_from(["train", "test", "dev"])), max_size=12))
def test_a_divided_shard_is_put_together_again(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("shard")
    table = kept_table(record(str(n), "sw", *kind) for n, kind in enumerate(kinds))
    write_table(folder / "whole.parquet", table)
    pieces = pieces_of(folder / "whole.parquet")
    assert [(p.task, p.split) for p in pieces for _ in range(p.rows)] == kinds
    assert all(one[:2] != other[:2] for one, other in pairwise(pieces))
    parts = divide(folder / "whole.parquet", pieces, "sw", 0, folder)
    assert len(parts) == len(set(kinds)) == len(kinds_of(pieces))
    assert put_together([read_table(path, record_schema()) for path in parts.values()], pieces) == table


def test_the_published_manifest_names_no_folder_of_this_machine() -> None:
    policy = {"checks": {"language": {"detectors": ["/home/x/lid.bin", "owner/name"], "min": 0.3}}}
    manifest = {"identity": {"source": "/kept"}, "input": "/home/x/run", "filter": {"policy": policy}}
    clean = {"checks": {"language": {"detectors": ["lid.bin", "owner/name"], "min": 0.3}}}
    assert published_manifest(manifest) == {"identity": {"source": "/kept"}, "filter": {"policy": clean}}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/home/x/lid.bin", "lid.bin"),
        ("~/models/qe/", "qe"),
        ("../models/qe", "qe"),
        ("C:\\models\\lid.ftz", "lid.ftz"),
        ("transformers:/home/x/model", "transformers:model"),
        ("owner/name", "owner/name"),
        ("openai:http://127.0.0.1:8000/v1#llama", "openai:http://127.0.0.1:8000/v1#llama"),
        ("embedded", "embedded"),
        ("~ 5 words", "~ 5 words"),
    ],
)
def test_a_path_becomes_its_last_part(text: str, clean: str) -> None:
    assert without_paths({"a": [text, 1, None]}) == {"a": [clean, 1, None]}


def test_scores_do_not_name_a_model_by_its_place(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"en": [[record("a", "en")]], "sw": [[record("a")]]})
    keys = {"language": {"settings": {"detectors": ["/home/x/lid.bin"]}, "rows": "1"}}
    table = pa.table({"id": ["a"], "language": [0.5]}).replace_schema_metadata({"mlt_columns": json.dumps(keys)})
    (run / "scores/sw").mkdir(parents=True)
    write_table(run / "scores/sw/part-00000.parquet", table)
    with open_bundle(run) as bundle:
        (scores,) = bundle.scores("sw")
        assert scores.to_pydict() == table.to_pydict()
        assert b"/home/x" not in bundle.files["scores/sw/part-00000.parquet"].read_bytes()


def test_mixtures_are_configs_by_their_name(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"en": [[record("a", "en")]]})
    make_mixture(run / "mixtures" / "L02-en-sw")
    with open_bundle(run) as bundle:
        assert (bundle.kind, bundle.languages) == ("run", ("en",))
        assert [mixture.name for mixture in bundle.mixtures] == ["L02-en-sw"]
        assert splits(bundle)["L02-en-sw"] == {
            "train": ("mixtures/L02-en-sw/train/part-00000.parquet",),
            "validation": ("mixtures/L02-en-sw/validation/part-00000.parquet",),
        }
        assert {"mixtures/L02-en-sw/mixture.json", "mixtures/L02-en-sw/removed.jsonl"} <= bundle.files.keys()


def test_a_mixture_and_a_ladder_are_bundles_of_their_own(tmp_path: Path) -> None:
    ladder = tmp_path / "ladder"
    for name, languages in (("L01-en", ["en"]), ("L02-en-sw", ["sw", "en"])):
        make_mixture(ladder / name, languages=languages)
    with open_bundle(ladder) as bundle:
        assert (bundle.kind, dict(bundle.manifest)) == ("mixtures", {})
        assert bundle.languages == ("en", "sw")
        assert [config.mixture for config in bundle.configs] == ["L01-en", "L02-en-sw"]
    with open_bundle(ladder / "L01-en") as bundle:
        assert [config.name for config in bundle.configs] == ["L01-en"]
        assert json.loads(bundle.files["published.json"].read_text())["signature"] == "mlt:0|stage:mix|name:L01-en"


def nothing(folder: Path) -> Path:
    return folder


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def file(folder: Path) -> Path:
    folder.write_text("x")
    return folder


def unfinished(folder: Path) -> Path:
    return make_run(folder, {"en": [[record("a", "en")]]}, complete=False)


def lost_shard(folder: Path) -> Path:
    (mixed(folder) / "done/sw/part-00001.json").unlink()
    return folder


def odd_task(folder: Path) -> Path:
    return make_run(folder, {"en": [[record("a", "en", task="../math")]]})


def same_name(folder: Path) -> Path:
    make_mixture(make_run(folder, {"en": [[record("a", "en")]]}) / "mixtures" / "math_en")
    return folder


def odd_name(folder: Path) -> Path:
    return make_mixture(folder, name="../elsewhere")


def changed_mixture(folder: Path) -> Path:
    with (make_mixture(folder) / "train/part-00000.parquet").open("ab") as part:
        part.write(b"x")
    return folder


def mixture_of_other_files(folder: Path) -> Path:
    manifest = json.loads((make_mixture(folder) / "mixture.json").read_text())
    manifest["files"]["train/../../secret"] = {"bytes": 1}
    (folder / "mixture.json").write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (nothing, UsageError, "no such folder"),
        (file, UsageError, "no such folder"),
        (empty, UsageError, "name a run, a mixture"),
        (unfinished, DataError, "run the same command again"),
        (lost_shard, DataError, "run the same command again"),
        (odd_task, DataError, "no name of a config"),
        (same_name, DataError, "two of the configs"),
        (odd_name, DataError, "is no name"),
        (changed_mixture, DataError, "make it again"),
        (mixture_of_other_files, DataError, "it names 'train/../../secret'"),
    ],
)
def test_anything_else_is_refused_in_one_line(
    tmp_path: Path, make: Callable[[Path], Path], kind: type[MltError], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught, open_bundle(make(tmp_path / "x")):
        pass
    assert "\n" not in str(caught.value)
