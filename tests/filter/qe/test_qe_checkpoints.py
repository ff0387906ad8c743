"""Checkpoints: local ones by content, those of the Hub (a double on loopback) fetched once."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import fake_comet
import pytest
from hub_double import REVISION, HubDouble

from mlt.filter.qe import checkpoints
from mlt.filter.qe.checkpoints import find_checkpoint
from mlt.filter.qe.routing import parse_spec
from mlt.toolkit.errors import UsageError

FIND = """
    import sys
    from pathlib import Path
    from mlt.filter.qe.checkpoints import find_checkpoint
    from mlt.filter.qe.routing import parse_spec
    from mlt.toolkit.errors import MltError
    try:
        found = find_checkpoint(parse_spec(sys.argv[1]), Path(sys.argv[2]))
        print(found.name, found.revision, found.license, Path(found.path).read_text())
        print((Path(found.path).parents[1] / "hparams.yaml").is_file())
    except MltError as error:
        print(error)
        sys.exit(error.exit_code)
"""


class NestedHub(HubDouble):
    """The double, with the files of folders listed too."""

    def _described(self, hub_id: str, folder: Path, rest: list[str]) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = super()._described(hub_id, folder, rest)
        if rest[:1] == ["tree"]:
            extra = b'{"type": "file", "path": "checkpoints/model.ckpt", "size": 7, "oid": "00"}'
            return status, headers, body[:-1] + b", " + extra + b"]"
        extra = b'{"rfilename": "checkpoints/model.ckpt"}, '
        return status, headers, body.replace(b'"siblings": [', b'"siblings": [' + extra)


def found(spec: str, hub: str, tmp_path: Path) -> tuple[int, list[str]]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FIND), spec, str(tmp_path / "cache")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout, done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_hub_checkpoint_is_fetched_once_and_then_never_asked_for_again(tmp_path):
    folder = fake_comet.make_checkpoint(tmp_path / "served")
    (folder / "big.unneeded").write_text("never fetched")
    with NestedHub({"Unbabel/wmt20-comet-qe-da": folder}, license="apache-2.0") as hub:
        first = found("wmt20-comet-qe-da", hub.url, tmp_path)
        assert first == (0, [f"Unbabel/wmt20-comet-qe-da {REVISION} apache-2.0 weights", "True"])
        asked = list(hub.requests)
        assert found("wmt20-comet-qe-da", hub.url, tmp_path) == first and hub.requests == asked
    assert not any("unneeded" in request for request in asked)
    assert found("wmt20-comet-qe-da", "http://127.0.0.1:9", tmp_path) == first


@pytest.mark.parametrize(
    ("spec", "code", "expected"),
    [
        ("wmt22-cometkiwi-da", 3, "Unbabel/wmt22-cometkiwi-da is gated: accept its terms"),
        ("who/nothing", 2, "--qe who/nothing: the Hub has no such model"),
        ("who/empty", 2, "--qe who/empty: it holds no hparams.yaml"),
    ],
)
def test_a_refusal_is_one_line(tmp_path, spec, code, expected):
    (tmp_path / "empty").mkdir()
    with HubDouble({"who/empty": tmp_path / "empty"}, gated=("Unbabel/wmt22-cometkiwi-da",)) as hub:
        returned, lines = found(spec, hub.url, tmp_path)
    assert (returned, len(lines)) == (code, 1) and lines[0].startswith(expected)


def test_a_hub_that_cannot_be_reached_is_one_line(tmp_path):
    code, lines = found("XCOMET-XL", "http://127.0.0.1:9", tmp_path)
    assert code == 3
    assert lines == [
        "the Hub cannot be reached, so Unbabel/XCOMET-XL cannot be fetched; name a local checkpoint with --qe, or run "
        "again when it can"
    ]


def test_a_local_checkpoint_is_named_by_its_content_and_hashed_once(tmp_path, monkeypatch):
    folder = fake_comet.make_checkpoint(tmp_path / "mine")
    first = find_checkpoint(parse_spec(str(folder)), tmp_path)
    assert (first.name, first.license) == ("mine", None) and first.revision.startswith("blake2b:")
    same = find_checkpoint(parse_spec(str(fake_comet.make_checkpoint(tmp_path / "copy"))), tmp_path)
    assert same.revision == first.revision
    other = find_checkpoint(parse_spec(str(fake_comet.make_checkpoint(tmp_path / "other", b"else"))), tmp_path)
    assert other.revision != first.revision
    monkeypatch.setattr(checkpoints, "file_hash", lambda path: pytest.fail("hashed again"))
    assert find_checkpoint(parse_spec(str(folder)), tmp_path) == first


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], r"expected one checkpoint \(checkpoints/\*\.ckpt\), found 0"),
        (["checkpoints/a.ckpt", "checkpoints/b.ckpt", "hparams.yaml"], "found 2"),
        (["checkpoints/a.ckpt"], r"no hparams\.yaml in"),
    ],
)
def test_a_folder_that_holds_no_checkpoint_is_one_line(tmp_path, files, expected):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    with pytest.raises(UsageError, match=expected) as caught:
        find_checkpoint(parse_spec(str(folder)), tmp_path)
    assert "\n" not in str(caught.value)
