"""Files from a Hub on loopback: what is fetched, what is kept, and what a refusal says."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hub_double import REVISION, HubDouble

FETCH = """
    import sys
    from mlt.toolkit.errors import MltError
    from mlt.toolkit.hub_files import fetch_files
    hub_id, revision, *patterns = sys.argv[1:]
    try:
        got = fetch_files(
            hub_id, patterns, option="--lid", hint="name a local file", revision=revision or None,
            progress=lambda *step: print(*step, file=sys.stderr),
        )
        print(got.revision, got.license, *sorted(path.name for path in got.folder.iterdir()))
    except MltError as error:
        print(error)
        sys.exit(error.exit_code)
"""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def served(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "served"
    folder.mkdir()
    for name in ("model.bin", "vocab.txt", "notes.md"):
        (folder / name).write_text(name)
    return {"who/model": folder}


def fetched(tmp_path: Path, hub: str, hub_id: str, *patterns: str, revision: str = "") -> tuple[int, list[str], str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": "hf_very_secret",
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FETCH), hub_id, revision, *patterns],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "secret" not in done.stdout + done.stderr
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_only_what_matches_is_fetched_and_found_again_without_the_hub(served, tmp_path):
    with HubDouble(served, license="mit") as hub:
        code, lines, err = fetched(tmp_path, hub.url, "who/model", "model.bin", "*.txt")
        assert (code, lines) == (0, [f"{REVISION} mit model.bin vocab.txt"]), err
        assert "fetching who/model 1 1" in err
        assert not any("notes.md" in request for request in hub.requests)
    code, lines, _ = fetched(tmp_path, NOWHERE, "who/model", "model.bin")
    assert (code, lines) == (0, [f"{REVISION} None model.bin vocab.txt"])


def test_a_cache_that_lacks_a_file_is_not_enough(served, tmp_path):
    with HubDouble(served) as hub:
        assert fetched(tmp_path, hub.url, "who/model", "vocab.txt")[0] == 0
    code, lines, _ = fetched(tmp_path, NOWHERE, "who/model", "model.bin")
    assert (code, lines) == (3, ["the Hub cannot be reached, so who/model cannot be fetched; name a local file"])


@pytest.mark.parametrize(
    ("hub_id", "revision", "patterns", "code", "expected"),
    [
        ("who/nothing", "", ["model.bin"], 2, "--lid who/nothing: the Hub has no such model, or it is private"),
        ("who/gated", "", ["model.bin"], 3, "who/gated is gated: accept its terms"),
        ("who/model", "v9", ["model.bin"], 2, "--lid who/model@v9: the Hub has no such revision"),
        ("who/model", "", ["model.bin", "*.ftz"], 2, "--lid who/model: it holds no *.ftz"),
        ("no id at all", "", ["model.bin"], 2, "--lid no id at all: not a Hub id (owner/name)"),
    ],
)
def test_a_refusal_is_one_line(served, tmp_path, hub_id, revision, patterns, code, expected):
    with HubDouble(served, gated=("who/gated",)) as hub:
        returned, lines, _ = fetched(tmp_path, hub.url, hub_id, *patterns, revision=revision)
    assert (returned, len(lines)) == (code, 1)
    assert lines[0].startswith(expected)
