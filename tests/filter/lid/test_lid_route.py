"""Which detector judges which language, and what happens where one cannot be had."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlt.filter.lid import embedded
from mlt.filter.lid.detector import Detector
from mlt.filter.lid.route import Route
from mlt.toolkit import hub_files
from mlt.toolkit.errors import EnvironmentProblem, UsageError
from mlt.toolkit.hub_files import HubFiles
from mlt.toolkit.languages import resolve
from mlt.toolkit.progress import NullProgress


class Notes(NullProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def chosen(route: Route, lang: str) -> str:
    """The name of the detector that judges a language, or why none does."""
    found: Detector | str = route.choose(resolve(lang).language)
    return found if isinstance(found, str) else found.name


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A Hub that cannot be reached; holds what was asked for."""
    asked: list[str] = []

    def fetch(hub_id: str, *_: Any, hint: str, **__: Any) -> HubFiles:
        asked.append(hub_id)
        raise EnvironmentProblem(f"the Hub cannot be reached, so {hub_id} cannot be fetched; {hint}")

    monkeypatch.setattr(hub_files, "fetch_files", fetch)
    return asked


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tiny_fasttext: Path, tmp_path: Path) -> Callable[[], int]:
    """A Hub that has the tiny model under any name; called: how often it was asked."""
    (tmp_path / "model.bin").write_bytes(tiny_fasttext.read_bytes())
    count = [0]

    def fetch(hub_id: str, patterns: list[str], **_: Any) -> HubFiles:
        assert patterns == ["model.bin"]
        count[0] += 1
        return HubFiles(tmp_path, "c0ffee", None)

    monkeypatch.setattr(hub_files, "fetch_files", fetch)
    return lambda: count[0]


def test_the_first_that_knows_the_language_judges(tiny_fasttext: Path) -> None:
    route = Route([str(tiny_fasttext), "embedded"], NullProgress())
    assert chosen(route, "sw") == "tiny.bin"
    assert chosen(route, "yo") == "py3langid"


def test_the_order_is_the_users(tiny_fasttext: Path) -> None:
    assert chosen(Route(["embedded", str(tiny_fasttext)], NullProgress()), "sw") == "py3langid"


def test_a_language_nobody_knows_is_said_to_be_so(tiny_fasttext: Path) -> None:
    route = Route([str(tiny_fasttext), "embedded"], NullProgress())
    assert chosen(route, "ilo") == "tiny.bin cannot judge Iloko; py3langid cannot judge Iloko"


def test_a_model_of_the_hub_is_fetched_once_and_known_by_its_commit(hub: Callable[[], int]) -> None:
    route = Route(["cis-lmu/glotlid", "embedded"], NullProgress())
    assert [chosen(route, lang) for lang in ("sw", "th", "yo")] == ["cis-lmu/glotlid", "cis-lmu/glotlid", "py3langid"]
    detector = route.choose(resolve("sw").language)
    assert not isinstance(detector, str)
    assert (detector.revision, detector.license) == ("c0ffee", "apache-2.0")
    assert hub() == 1


def test_without_the_hub_the_next_one_judges_with_one_note(outage: list[str]) -> None:
    notes = Notes()
    route = Route(["cis-lmu/glotlid", "embedded"], notes)
    assert [chosen(route, lang) for lang in ("sw", "yo", "th")] == ["py3langid"] * 3
    assert chosen(route, "ilo") == "cis-lmu/glotlid cannot be fetched; py3langid cannot judge Iloko"
    assert outage == ["cis-lmu/glotlid"]
    assert len(notes.lines) == 1
    assert "the Hub cannot be reached" in notes.lines[0]
    assert "embedded judges in its place" in notes.lines[0]
    assert "--lid" in notes.lines[0]


def test_without_the_hub_and_without_another_it_is_an_error(outage: list[str]) -> None:
    with pytest.raises(EnvironmentProblem, match=r"cannot be reached.*--lid embedded"):
        Route(["cis-lmu/glotlid"], NullProgress()).choose(resolve("sw").language)


def test_nothing_is_fetched_before_a_language_is_asked_for(outage: list[str]) -> None:
    Route(["cis-lmu/glotlid"], NullProgress())
    assert outage == []


@pytest.mark.parametrize("name", ["missing.bin", "/nowhere/lid.176.ftz"])
def test_a_missing_file_is_an_error_at_once(name: str) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Route([name, "embedded"], NullProgress())


@pytest.mark.parametrize("name", ["embeded", "", "a/b/c", "no path"])
def test_a_name_that_is_no_detector_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match="expected embedded, a Hub id"):
        Route([name], NullProgress())


def test_an_empty_list_is_an_error() -> None:
    with pytest.raises(UsageError, match="no language detector"):
        Route([], NullProgress())


def test_a_missing_py3langid_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(EnvironmentProblem, match="pip install py3langid"):
        embedded.Embedded()
