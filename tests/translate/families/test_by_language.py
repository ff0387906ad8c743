"""One run, a model a language: the rows of single runs, growing, going on, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.languages import all_languages, resolve
from mlt.toolkit.progress import NullProgress
from mlt.toolkit.records import Rejected
from mlt.toolkit.signature import parse_signature
from mlt.toolkit.store import open_run
from mlt.translate import translate
from mlt.translate.distributed.merge import merge
from mlt.translate.distributed.worker import EngineRequest, RunPlace, ShardItem, ShardWorker
from mlt.translate.dryrun import estimate
from mlt.translate.engines.by_language import ByLanguage
from mlt.translate.engines.ct2 import Ct2Engine
from mlt.translate.families.opus_models import OPUS_CODES, opus_model
from mlt.translate.model_choice import load_engines, parse_model_for
from mlt.translate.shard import Settings

LANGUAGES = {language.code: language for language in all_languages()}
SW, FR, TH = (LANGUAGES[code] for code in ("sw", "fr", "th"))
Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, opus_pair: Path) -> dict[str, str]:
    """Two models, the first one OPUS-MT-shaped and into Swahili alone, each under terms of its own."""
    folder = shutil.copytree(opus_pair / "ct2", tmp_path_factory.mktemp("pairs") / "opus-mt-en-sw")
    (folder / "mlt_model.json").write_text(json.dumps({"license": "cc-by-4.0", "notice": "Made up."}))
    return {"sw": str(folder), "fr": "tiny"}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Translates a few rows into a folder of that name; the run's manifest."""

    def made(out: str, **options: Any) -> dict[str, Any]:
        given = {"limit": 6, "shard_size": 2, "device": "cpu", "workers": 1, "cache_dir": tmp_path / "cache"}
        return translate(None, out=tmp_path / out, **{**given, **options}).manifest

    return made


def rows(path: Path, lang: str) -> list[Any]:
    """All that a language holds, the rejected rows too."""
    run = open_run(path)
    return [*run.records(lang), *run.rejected(lang)]


def joined(models: dict[str, str]) -> str:
    return ",".join(f"{code}={model}" for code, model in models.items())


def test_two_models_in_one_run_make_the_rows_of_two_runs(pairs: dict[str, str], make: Make, tmp_path: Path) -> None:
    whole = make("whole", langs="sw,fr", model_for=joined(pairs), limit=3)
    for code, folder in pairs.items():
        single = make(f"single-{code}", langs=code, model=folder, limit=3, cache_dir=tmp_path / "other")
        assert rows(tmp_path / "whole", code) == rows(tmp_path / f"single-{code}", code)
        assert whole["languages"][code]["calibration"] == single["languages"][code]["calibration"]
        said = whole["languages"][code]["engine"]
        assert said["identity"] == single["identity"]["engine"]
        assert (said["license"], said["notice"]) == (single["licenses"]["model"], single["model_notice"])
    assert whole["complete"]
    assert whole["licenses"]["model"] == "CC0-1.0, cc-by-4.0"
    assert whole["model_notice"].startswith("A toy") and whole["model_notice"].endswith(" Made up.")


def test_a_record_names_the_model_of_its_language(make: Make, tmp_path: Path) -> None:
    manifest = make("run", langs="sw,th", model="tiny", model_for={"Thai": "corrupting:3"}, ladder=False)
    for lang, model in (("sw", "tiny"), ("th", "corrupting:3")):
        made_by = {
            (row.record if isinstance(row, Rejected) else row).translation for row in rows(tmp_path / "run", lang)
        }
        [made] = made_by
        assert made.model == manifest["languages"][lang]["engine"]["identity"]["model"] == model
        assert parse_signature(made.signature)["engine.model"] == model
    assert manifest["identity"]["engine"]["engine"] == "by-language"


def test_a_language_with_a_model_of_its_own_extends_the_run(make: Make, tmp_path: Path) -> None:
    make("run", langs="sw", model_for="sw=corrupting")
    before = rows(tmp_path / "run", "sw")
    done = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run/done/sw").iterdir()}
    manifest = make("run", langs="th,sw", model="corrupting", model_for="th=identity")
    assert set(manifest["languages"]) == {"en", "sw", "th"}
    assert rows(tmp_path / "run", "sw") == before
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run/done/sw").iterdir()} == done
    assert len(rows(tmp_path / "run", "th")) == 6


def test_a_killed_run_goes_on_in_every_language(make: Make, tmp_path: Path) -> None:
    asked = {"langs": "sw,th", "model_for": "sw=corrupting,th=corrupting:1"}
    make("one", **asked)
    make("two", **asked)
    for lost in ("done/th/part-00001.json", "done/sw/part-00002.json"):
        (tmp_path / "two" / lost).unlink()
    make("two", **asked)
    assert all(rows(tmp_path / "one", lang) == rows(tmp_path / "two", lang) for lang in ("en", "sw", "th"))


@pytest.mark.parametrize(("also", "note"), [("", True), ("th,", True), ("", False)])
def test_a_changed_model_is_refused_with_the_language(make: Make, tmp_path: Path, also: str, note: bool) -> None:
    make("run", langs="sw", model_for="sw=identity", limit=1)
    if not note:  # run.json knows, too
        (tmp_path / "run/facts/engine-sw.json").unlink()
    with pytest.raises(DataError, match=r"run: sw was .* model = 'identity', now it is 'corrupting'.*--out"):
        make("run", langs=f"{also}sw", model="identity", model_for="sw=corrupting")
    assert not (tmp_path / "run/facts/engine-th.json").exists()


@pytest.mark.parametrize(
    ("begun", "now", "message"),
    [
        ({"model": "identity"}, {"model_for": "sw=identity"}, "one model for all languages: give the --model it had"),
        ({"model_for": "sw=identity"}, {"model": "identity"}, "a model a language: name this one's with --model-for"),
    ],
)
def test_one_model_and_a_model_a_language_are_different_runs(make: Make, begun: Any, now: Any, message: str) -> None:
    make("run", langs="sw", limit=1, **begun)
    with pytest.raises(DataError, match=message):
        make("run", langs="sw", **now)


def test_weights_of_one_model_are_in_memory_at_a_time(pairs: dict[str, str]) -> None:
    engine = load_engines("opus-mt", languages=[SW, FR], model_for=pairs, device="cpu", workers=1)
    assert isinstance(engine, ByLanguage)
    for code in ("sw", "fr", "sw"):
        language = LANGUAGES[code]
        units = engine.prepare(["Ann bought 3 apples."], resolve("en").language, language)
        settings = Settings().decoding
        assert [len(found) for found in engine.translate([units], resolve("en").language, language, settings)] == [1]
        loaded = [one for one in (SW, FR) if "_translator" in vars(engine.of(one))]
        assert loaded == [language]
    other = engine.of(FR)
    assert isinstance(other, Ct2Engine) and "_tokenization" not in vars(other)


def test_languages_may_share_a_model(make: Make) -> None:
    engine = load_engines("tiny", languages=[SW, FR, TH], model_for="th=corrupting")
    assert isinstance(engine, ByLanguage)
    assert engine.of(SW) is engine.of(FR) is not engine.of(TH)


def test_lists_of_words_are_of_each_language_s_own_model(pairs: dict[str, str], make: Make) -> None:
    manifest = make("run", langs="th,sw", model="tiny", model_for={"sw": pairs["sw"]}, shortlist="script", limit=2)
    lists = {code: manifest["languages"][code]["shortlist"] for code in ("th", "sw")}
    assert {code: found["kind"] for code, found in lists.items()} == {"th": "script", "sw": "script"}
    own = {code: manifest["languages"][code]["engine"]["vocabulary"] for code in lists}
    assert {code: found["vocabulary"] for code, found in lists.items()} == own
    assert own["th"] != own["sw"]
    with pytest.raises(UsageError, match="--shortlist script: corrupting is no CTranslate2 model"):
        make("other", langs="th,sw", model="tiny", model_for="sw=corrupting", shortlist="script")


def test_tasks_make_the_whole_of_one_process(make: Make, tmp_path: Path) -> None:
    asked = {"langs": "sw,th", "model_for": "sw=corrupting:1,th=corrupting", "shard_size": 3}
    one = make("one", **asked)
    for part in ("2/2", "1/2"):
        make("parts", **asked, shard=part)
        make(f"alone-{part[0]}", **asked, shard=part)
    for out, parts in (("parts", []), ("brought", [tmp_path / "alone-1", tmp_path / "alone-2"])):
        whole = merge(tmp_path / out, parts, NullProgress())
        assert all(rows(tmp_path / "one", lang) == rows(tmp_path / out, lang) for lang in ("en", "sw", "th"))
        assert [whole[name] for name in ("licenses", "model_notice")] == [one["licenses"], one["model_notice"]]
        assert whole["languages"]["th"]["engine"] == one["languages"]["th"]["engine"]


def test_tasks_with_different_models_are_not_merged(make: Make, tmp_path: Path) -> None:
    for part, model in (("1/2", "corrupting:1"), ("2/2", "corrupting:2")):
        make(part[0], langs="sw", model_for=f"sw={model}", shard=part)
    with pytest.raises(DataError, match=r"has sw by model = 'corrupting:2', .* by 'corrupting:1': merge runs of one"):
        merge(tmp_path / "1", [tmp_path / "2"], NullProgress())


def test_a_worker_makes_what_one_process_makes(make: Make, tmp_path: Path) -> None:
    asked = {"langs": "sw,th", "model": "tiny", "model_for": "th=corrupting", "limit": 4}
    make("one", **asked)
    make("run", **asked, shard="9999/9999")  # English alone
    request = {"model_for": asked["model_for"], "languages": (SW, TH), "device": "cpu"}
    worker = ShardWorker(EngineRequest("tiny", cache_dir=str(tmp_path / "other"), **request), 1)
    about = worker.about()
    assert about.own is not None and {code: own.name for code, own in about.own.items()}.keys() == {"sw", "th"}
    assert about.identity == open_run(tmp_path / "run").manifest["identity"]["engine"]
    place = RunPlace(tmp_path / "run", Settings(), 2, about.shortlist)
    for lang, index in (("th", 1), ("sw", 0), ("th", 0), ("sw", 1)):
        worker.work(ShardItem(place, LANGUAGES[lang], index))
    merge(tmp_path / "run", [], NullProgress())
    assert all(rows(tmp_path / "one", lang) == rows(tmp_path / "run", lang) for lang in ("en", "sw", "th"))
    stranger = ShardWorker(EngineRequest("identity", cache_dir=str(tmp_path / "other"), **request), 1)
    with pytest.raises(EnvironmentProblem, match="sw was translated with"):
        stranger.work(ShardItem(place, SW, 0))


def test_a_dry_run_speaks_of_every_model(pairs: dict[str, str], tmp_path: Path) -> None:
    asked: dict[str, Any] = {"limit": 2, "device": "cpu", "workers": 1, "cache_dir": tmp_path / "cache"}
    facts = estimate(None, langs="sw,fr", model_for=pairs, **asked)
    assert facts["licenses"] == {
        "source": facts["licenses"]["source"],
        "model opus-mt-en-sw": "cc-by-4.0",
        "model tiny": "CC0-1.0",
    }
    assert all("loading" in facts["languages"][code]["seconds"] for code in pairs)


def test_a_language_that_its_own_model_lacks_is_refused(pairs: dict[str, str], make: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--langs: opus-mt-en-sw does not know fr \(fra_Latn\)"):
        make("run", langs="sw,fr", model_for={"sw": pairs["sw"], "fr": pairs["sw"]})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"langs": "sw", "model_for": "fr=tiny"}, r"--model-for fr: it is not among --langs \(sw\)"),
        ({"langs": "sw", "model_for": "sw"}, "--model-for sw: expected LANGUAGE=MODEL"),
        ({"langs": "sw", "model_for": "sw=tiny,"}, "--model-for .nothing.: expected LANGUAGE=MODEL"),
        ({"langs": "sw", "model_for": "sw=tiny,swh=tiny"}, "sw is given two models"),
        ({"langs": "sw", "model_for": "sw=./none"}, "--model-for sw=./none: no such folder or model"),
        ({"langs": "sw", "model": "./none", "model_for": ""}, "--model ./none: no such folder or model"),
        ({"langs": "sw", "model_for": "qqq=tiny"}, "unknown language 'qqq'"),
        ({"langs": "th", "model": "opus-mt"}, "into th .Thai. alone is known: .* --model-for th=opus-mt-en-mul"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(asked: Any, message: str, make: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message) as error:
        make("run", **asked)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("sw", "opus-mt-en-sw"),
        ("zh-Hant", "opus-mt-en-zh"),
        ("ja", "opus-mt-en-jap"),
        ("lv", "opus-mt-tc-big-en-lv"),
        ("yo", None),
        ("th", None),
    ],
)
def test_opus_has_a_model_for_a_pair_under_its_own_code(code: str, name: str | None) -> None:
    assert opus_model(LANGUAGES[code]) == (name and f"Helsinki-NLP/{name}")


def test_every_code_of_opus_is_a_language_of_ours() -> None:
    from mlt.translate.families import opus_models

    ours = {OPUS_CODES.get(code, code) for code in LANGUAGES}
    assert ours.issuperset([*opus_models._PAIRS.split(), *opus_models._LARGER.split()])


def test_models_are_named_by_language_in_any_form() -> None:
    text = " Swahili = /models/a , fr=opus-mt-en-ROMANCE"
    assert parse_model_for(text) == {"sw": "/models/a", "fr": "opus-mt-en-ROMANCE"}
    assert parse_model_for({"swh_Latn": "a=b,c"}) == {"sw": "a=b,c"}
    assert parse_model_for(None) == parse_model_for("") == {}


def test_opus_mt_asks_for_the_pair_s_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlt.translate import model_choice

    asked: list[str] = []
    monkeypatch.setattr(model_choice, "load_engine", lambda spec, **options: asked.append(spec))
    engine = load_engines("OPUS-MT", languages=[SW, FR, TH], model_for="th=opus-mt-en-mul")
    assert isinstance(engine, ByLanguage) and asked == []
    for language in (SW, TH, SW):
        engine.of(language)
    assert asked == ["Helsinki-NLP/opus-mt-en-sw", "opus-mt-en-mul"]
