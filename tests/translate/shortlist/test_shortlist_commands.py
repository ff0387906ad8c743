"""Lists on the command line: asked for, reported, evicted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlt.toolkit import cli
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.shortlist.engine import shortlisted
from mlt.translate.shortlist.pieces import Shortlist
from mlt.translate.shortlist.store import drop_cut, evict_shortlists, shortlists_in_cache


def call(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    code = cli.main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_list_is_asked_for_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--model", "tiny", "--limit", 5, "--beam-size", 1, "--cache-dir", tmp_path / "cache")
    code, out, _ = call(capsys, "translate", "--langs", "th", "--shortlist", "script", *options, "-o", tmp_path / "run")
    assert code == 0
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    found = manifest["languages"]["th"]["shortlist"]
    assert f"{found['words']:,} of {found['vocabulary']:,}" in out
    assert f"{found['identical']:,} of {found['audited']:,}" in out


@pytest.mark.parametrize(
    ("model", "setting", "shown"),
    [("tiny", "best", "--shortlist"), ("identity", "script", "--shortlist script: identity is no CTranslate2 model")],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, setting: str, shown: str
) -> None:
    code, _, err = call(
        capsys, "translate", "--langs", "th", "--model", model, "--shortlist", setting, "-o", tmp_path / "run"
    )
    assert code == 2 and shown in err
    assert not (tmp_path / "run").exists()


@pytest.fixture
def cut(tiny: Ct2Engine, tmp_path: Path) -> Shortlist:
    """A list of which the cache holds the model."""
    every = tuple(range(len(tiny._ids)))
    made = Shortlist("script", every[:1500], every)
    shortlisted(tiny, made, root=tmp_path)
    return made


def test_cut_models_are_evicted_with_the_units(
    cut: Shortlist, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [listed] = shortlists_in_cache(tmp_path)
    assert evict_shortlists(tmp_path, older_than_days=1) == evict_shortlists(tmp_path, model="other") == 0
    code, out, _ = call(capsys, "cache", "evict", "--model", "tiny", "--cache-dir", tmp_path, "--json")
    assert code == 0 and json.loads(out)["freed_bytes"] == listed.size
    assert shortlists_in_cache(tmp_path) == []


def test_a_cut_model_that_another_process_removed_is_made_again(
    tiny: Ct2Engine, cut: Shortlist, tmp_path: Path
) -> None:
    from mlt.toolkit.languages import ENGLISH, resolve
    from mlt.translate.engine import Decoding

    engine, target = shortlisted(tiny, cut, root=tmp_path), resolve("th").language
    drop_cut(tiny, cut, tmp_path)
    drop_cut(tiny, cut, tmp_path)
    assert not engine.folder.exists()
    units = engine.prepare(["Elena has 5 apples."], ENGLISH, target)
    [[[hypothesis]]] = engine.translate([units], ENGLISH, target, Decoding(beam_size=1))
    assert hypothesis.text
    engine.close()
