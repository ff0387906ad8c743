"""A cut folder holds the rows that a list names, is made once and whole, and is shown with the rest of the cache."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from test_shortlist_file import string, variable

from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.translate.commands import run_cache_list, run_cache_size
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.model_store import find_converted, models_in_cache, tiny_folder
from mlt.translate.shortlist import cut, store
from mlt.translate.shortlist.ct2_file import ModelFile, read_headers
from mlt.translate.shortlist.cut import cut_folder
from mlt.translate.shortlist.pieces import Shortlist

TARGET, SOURCE = tuple(range(0, 900)), (0, 1, 2, 3, 4, 100, 101, 1999)
EMBEDDINGS = ("encoder/embeddings_0/weight", "decoder/embeddings/weight", "decoder/projection/weight")


def array(model: ModelFile, name: str, dtype: str) -> np.ndarray:
    stored = model.stored(name)
    assert stored is not None
    found = model.variables[stored]
    data = model.path.read_bytes()[found.offset : found.offset + found.size]
    return np.frombuffer(data, dtype).reshape(found.shape)


def scale(model: ModelFile, name: str) -> np.ndarray:
    return array(model, f"{model.stored(name)}_scale", "<f4")


def tiny_list(seed: int = 0) -> Shortlist:
    return Shortlist("script", TARGET[: 900 - seed], SOURCE)


def test_the_rows_of_both_sides_are_the_parents(tmp_path: Path) -> None:
    cut_folder(tiny_folder(), tmp_path / "cut", target=TARGET, source=SOURCE)
    parent, made = (read_headers(folder / "model.bin") for folder in (tiny_folder(), tmp_path / "cut"))
    for name, rows in zip(EMBEDDINGS, (SOURCE, TARGET, TARGET), strict=True):
        assert np.array_equal(array(made, name, "i1"), array(parent, name, "i1")[list(rows)])
        assert np.array_equal(scale(made, name), scale(parent, name)[list(rows)])
    assert made.stored(EMBEDDINGS[1]) == made.stored(EMBEDDINGS[2]) != made.stored(EMBEDDINGS[0])
    words = json.loads((tiny_folder() / "shared_vocabulary.json").read_text(encoding="utf-8"))
    for side, rows in (("source", SOURCE), ("target", TARGET)):
        text = (tmp_path / "cut" / f"{side}_vocabulary.json").read_text(encoding="utf-8")
        assert json.loads(text) == [words[i] for i in rows]
    assert not (tmp_path / "cut" / "shared_vocabulary.json").exists()


def test_everything_else_stays_as_it_is(tmp_path: Path) -> None:
    cut_folder(tiny_folder(), tmp_path / "cut", target=TARGET, source=SOURCE)
    parent, made = (read_headers(folder / "model.bin") for folder in (tiny_folder(), tmp_path / "cut"))
    others = [name for name in (*parent.variables, *parent.aliases) if "embeddings" not in name and "/proj" not in name]
    assert len(others) > 100
    for name in others:
        one, two = ((m, m.variables[m.stored(name) or ""]) for m in (parent, made))
        assert (one[1].shape, one[1].dtype) == (two[1].shape, two[1].dtype)
        data = [m.path.read_bytes()[v.offset : v.offset + v.size] for m, v in (one, two)]
        assert data[0] == data[1]
    for name in ("config.json", "tokenizer.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tiny_folder() / name).read_bytes()


def test_equal_lists_of_both_sides_make_two_embeddings(tmp_path: Path) -> None:
    cut_folder(tiny_folder(), tmp_path / "cut", target=TARGET, source=TARGET)
    made = read_headers(tmp_path / "cut" / "model.bin")
    for name in EMBEDDINGS:
        assert array(made, name, "i1").shape == (900, 128)
    assert made.stored(EMBEDDINGS[0]) != made.stored(EMBEDDINGS[1])


def untied(folder: Path, *, rows: int = 5, alias: tuple[str, str] | None = None) -> Path:
    """A folder with a vocabulary a side, weights of their own for each role, and a bias; ``rows`` the projection's."""
    folder.mkdir()
    made = [
        variable("decoder/embeddings/weight", np.arange(10, dtype="<i1").reshape(5, 2), "int8"),
        variable("decoder/embeddings/weight_scale", np.arange(5, dtype="<f4"), "float32"),
        variable("decoder/projection/bias", np.arange(10, 10 + rows, dtype="<f4"), "float32"),
        variable("decoder/projection/weight", np.arange(20, 20 + 2 * rows, dtype="<i2").reshape(rows, 2), "int16"),
        variable("decoder/projection/weight_scale", np.array(3, dtype="<f4"), "float32"),
        variable("encoder/embeddings_0/weight", np.arange(40, 48, dtype="<f2").reshape(4, 2), "float16"),
    ]
    head = b"\x06\0\0\0" + string("S") + (1).to_bytes(4, "little") + len(made).to_bytes(4, "little")
    aliases = [] if alias is None else [string(alias[0]) + string(alias[1])]
    tail = len(aliases).to_bytes(4, "little") + b"".join(aliases)
    (folder / "model.bin").write_bytes(head + b"".join(made) + tail)
    (folder / "source_vocabulary.json").write_text('["</s>", "<unk>", "a", "b"]')
    (folder / "target_vocabulary.txt").write_text("</s>\n<unk>\nx\ny\nz\n")
    return folder


def test_weights_of_their_own_biases_and_single_scales_are_cut(tmp_path: Path) -> None:
    cut_folder(untied(tmp_path / "in"), tmp_path / "cut", target=[0, 1, 4], source=[0, 1, 3])
    made = read_headers(tmp_path / "cut" / "model.bin")
    assert array(made, "decoder/embeddings/weight", "i1").tolist() == [[0, 1], [2, 3], [8, 9]]
    assert array(made, "decoder/embeddings/weight_scale", "<f4").tolist() == [0, 1, 4]
    assert array(made, "decoder/projection/bias", "<f4").tolist() == [10, 11, 14]
    assert array(made, "decoder/projection/weight", "<i2").tolist() == [[20, 21], [22, 23], [28, 29]]
    assert array(made, "decoder/projection/weight_scale", "<f4").tolist() == 3
    assert array(made, "encoder/embeddings_0/weight", "<f2").tolist() == [[40, 41], [42, 43], [46, 47]]
    assert json.loads((tmp_path / "cut" / "target_vocabulary.json").read_text()) == ["</s>", "<unk>", "z"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 4}, "4 rows of decoder/projection/weight for 5 words"),
        ({"alias": ("decoder/other/weight", "decoder/embeddings/weight")}, "shares its words with decoder/other"),
    ],
)
def test_a_model_that_is_laid_out_otherwise_is_refused(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cut_folder(untied(tmp_path / "in", **options), tmp_path / "cut", target=[0], source=[0])
    assert not (tmp_path / "cut").exists()


def test_a_folder_is_made_once(tiny: Ct2Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int | None]] = []
    folder = store.cut_once(tiny, tiny_list(), tmp_path, lambda *step: told.append(step))
    assert told == [("cutting tiny to 900 words", 0, None), ("cutting tiny to 900 words", 1, 1)]
    monkeypatch.setattr(store, "cut_folder", pytest.fail)
    assert store.cut_once(tiny, tiny_list(), tmp_path) == folder
    about = json.loads((folder / "mlt_model.json").read_text(encoding="utf-8"))
    assert about["revision"] == tiny.identity["revision"]
    assert about["shortlist"] == {"kind": "script", "hash": tiny_list().hash, "target": 900, "source": 8}


def test_several_at_once_make_one_folder(tiny: Ct2Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def counted(parent: Path, destination: Path, **lists: tuple[int, ...]) -> None:
        made.append(destination)
        cut_folder(parent, destination, **lists)

    monkeypatch.setattr(store, "cut_folder", counted)
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: store.cut_once(tiny, tiny_list(), tmp_path), range(4)))
    assert (len(folders), len(made)) == (1, 1)


def test_a_cut_that_fails_leaves_nothing_and_can_be_made_again(
    tiny: Ct2Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(cut, "_link_or_copy", full)
        with pytest.raises(EnvironmentProblem, match="no space left"):
            store.cut_once(tiny, tiny_list(), tmp_path)
    assert not [path for path in (tmp_path / store.FOLDER).iterdir() if path.is_dir()]
    assert (store.cut_once(tiny, tiny_list(), tmp_path) / "model.bin").is_file()


def test_what_a_killed_process_left_is_replaced(tiny: Ct2Engine, tmp_path: Path) -> None:
    folder = store.cut_once(tiny, tiny_list(), tmp_path)
    whole = sorted(path.name for path in folder.iterdir())
    shutil.copytree(folder, folder.with_name(f".{folder.name}.tmp"))
    (folder / "mlt_model.json").unlink()
    (folder / "model.bin").write_bytes(b"half")
    assert store.cut_once(tiny, tiny_list(), tmp_path) == folder
    assert sorted(path.name for path in folder.iterdir()) == whole
    assert not folder.with_name(f".{folder.name}.tmp").exists()


def test_copies_stand_where_links_are_not_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(cut.os, "link", refused)
    cut_folder(tiny_folder(), tmp_path / "cut", target=TARGET, source=SOURCE)
    assert (tmp_path / "cut" / "tokenizer.json").read_bytes() == (tiny_folder() / "tokenizer.json").read_bytes()


def test_files_that_are_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "snapshot").mkdir()
    for path in tiny_folder().iterdir():
        if path.suffix in (".bin", ".json"):
            shutil.copy(path, tmp_path / "blobs" / path.name)
            (tmp_path / "snapshot" / path.name).symlink_to(Path("..") / "blobs" / path.name)
    cut_folder(tmp_path / "snapshot", tmp_path / "elsewhere" / "cut", target=TARGET, source=SOURCE)
    made = tmp_path / "elsewhere" / "cut" / "tokenizer.json"
    assert made.read_bytes() == (tiny_folder() / "tokenizer.json").read_bytes()


def test_cut_models_are_listed_and_are_no_conversions(
    tiny: Ct2Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [store.cut_once(tiny, tiny_list(seed), tmp_path) for seed in (0, 1)]
    found = store.shortlists_in_cache(tmp_path)
    assert {model.folder for model in found} == set(map(str, folders))
    assert sorted(model.words for model in found) == [899, 900]
    assert models_in_cache(tmp_path) == []
    assert find_converted(tmp_path, "tiny", "int8") is None
    run_cache_list(tmp_path, as_json=False)
    assert "tiny, 900 words" in capsys.readouterr().out
    run_cache_list(tmp_path, as_json=True)
    assert len(json.loads(capsys.readouterr().out)["shortlists"]) == 2
    run_cache_size(tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out)["shortlists"] == sum(model.size for model in found)


def test_a_folder_that_cannot_be_read_is_left_out(tiny: Ct2Engine, tmp_path: Path) -> None:
    folder = store.cut_once(tiny, tiny_list(), tmp_path)
    (folder / "mlt_model.json").write_text('{"name": "tiny"}')
    assert store.shortlists_in_cache(tmp_path) == []
