"""The human data of a study: sound rows become records, the rest is counted, and no item is on both sides."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from bench.study_data import MGSM, MSVAMP, XSID, main, read, split, write_all
from bench.study_rows import api_name, argument_name, as_spoken, plain_number, problem_groups, solved
from mlt.eval.calls import judge
from mlt.eval.study.planning.spec import load_spec
from mlt.toolkit.errors import DataError
from mlt.toolkit.prompts import completion_of, prompt_of
from mlt.toolkit.records import Record, Rejected
from mlt.toolkit.run import open_run

ITEMS = 12
SPOILT = {"value": 3, "slots": 4, "other": 5}  # rows of German that are set aside
JAPANESE = 10
LICENSES = {
    **dict.fromkeys(("api-train", "api-test"), "CC-BY-SA-4.0"),
    **dict.fromkeys(("math-train", "math-test"), "MIT"),
    "math-mgsm": "CC-BY-4.0",
}


def utterance(lang: str, number: int) -> dict[str, Any]:
    """Row ``number`` of a made xSID: an alarm at two times for even numbers, the weather for odd ones."""
    text = f"{lang} alarm {number} at 7: 30 and 8" if number % 2 == 0 else f"{lang} weather {number} in Rome"
    slots = [("location", "Rome", 3)] if number % 2 else [("datetime", "8", 6), ("datetime", "7 : 30", 4)]
    return {
        "id": f"xsid-valid-{number}",
        "text": text,
        "text_en": None if lang == "en" else utterance("en", number)["text"],
        "intent": "weather/find" if number % 2 else "alarm/set_alarm",
        "slots": [{"type": kind, "text": value, "start": start} for kind, value, start in slots],
    }


def problem(lang: str, number: int) -> dict[str, Any]:
    """Row ``number`` of a made MSVAMP, in families of three."""
    family = "abcdef"[number // 3]
    english = " ".join([*(family + word for word in "abcdefgh"), f"{number + 9} and {number}"])
    question = english if lang == "en" else f"{lang} {english}"
    return {
        "id": f"msvamp-{number:04}",
        "question_en": english,
        "question": question,
        "equation": "- number0 number1",
        "answer": "9.0",
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for origin in (XSID, MSVAMP, MGSM):
        for lang, name in origin.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows(origin.name, lang)), "utf-8")
    return folder


def rows(name: str, lang: str) -> list[dict[str, Any]]:
    if name == "mgsm":
        return [{"id": f"mgsm-{n}", "question": f"{lang} {n}?", "answer": "1,000"} for n in range(3)]
    if name == "msvamp":
        return [problem(lang, number) for number in range(ITEMS)]
    found = [utterance(lang, number) for number in range(JAPANESE if lang == "ja" else ITEMS)]
    if lang == "de":
        found[SPOILT["value"]]["slots"][0]["text"] = "Paris"
        found[SPOILT["slots"]]["slots"][0]["type"] = "reminder/todo"
        found[SPOILT["other"]]["text_en"] = "Something else"
    return found


@pytest.mark.parametrize(
    ("intent", "name"),
    [
        ("alarm/set_alarm", "SetAlarm"),
        ("weather/find", "FindWeather"),
        ("BookRestaurant", "BookRestaurant"),
        ("reminder/show_reminders", "ShowReminders"),
    ],
)
def test_an_intent_is_the_name_of_an_api(intent: str, name: str) -> None:
    assert api_name(intent) == name


def test_a_slot_is_the_name_of_an_argument() -> None:
    assert [argument_name(slot) for slot in ("datetime", "weather/attribute", "reference-part")] == [
        "datetime",
        "weather_attribute",
        "reference_part",
    ]


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("7 : 30 pm", "set it for 7:30 pm", "7:30 pm"),
        ("薬を飲む", "薬 を 飲む よう に", "薬 を 飲む"),
        ("明天 下午", "明天下午下雨吗", "明天下午"),
        ("Paris", "in Rome", None),
        (" ", "in Rome", None),
    ],
)
def test_a_value_is_what_the_utterance_says(value: str, text: str, found: str | None) -> None:
    assert as_spoken(value, text) == found


@pytest.mark.parametrize(
    ("equation", "numbers", "sides", "value"),
    [
        ("- number0 number1", ["18", "10"], "18 - 10", 8),
        ("- number0 + number1 number2", ["9", "2", "3"], "9 - (2 + 3)", 4),
        ("- - number0 number1 number2", ["9", "2", "3"], "9 - 2 - 3", 4),
        ("/ * number0 number1 number2", ["6", "2", "4"], "6 * 2 / 4", 3),
        ("* + number0 number1 100.0", ["1", "2"], "(1 + 2) * 100", 300),
        ("/ number0 number1", ["5", "2"], "5 / 2", Fraction(5, 2)),
    ],
)
def test_an_equation_is_written_with_its_numbers(equation: str, numbers: list[str], sides: str, value: float) -> None:
    found = solved(equation, numbers)
    assert found == (sides, value)
    assert eval(found[0]) == float(found[1])


@pytest.mark.parametrize("equation", ["- number0", "+ number0 number7"])
def test_an_equation_that_cannot_be_filled_is_an_error(equation: str) -> None:
    with pytest.raises(ValueError, match="number"):
        solved(equation, ["1", "2"])


def test_numbers_are_written_without_idle_zeros() -> None:
    assert [plain_number(Fraction(text)) for text in ("8.0", "5/2", "1000000")] == ["8", "2.5", "1000000"]


def test_variations_of_a_problem_are_a_family() -> None:
    assert problem_groups([problem("en", number) for number in range(7)]) == [
        *["msvamp-0000"] * 3,
        *["msvamp-0003"] * 3,
        "msvamp-0006",
    ]


def test_an_utterance_is_a_call_with_its_own_words(data: Path) -> None:
    found = read(XSID, data)
    records = list(found.entries["kk"].values())
    assert isinstance(records[0], Record)
    assert completion_of(records[0]) == "[SetAlarm(datetime=['7: 30', '8'])]"
    assert "SetAlarm" in prompt_of(records[0])
    assert prompt_of(records[0]).endswith("User: kk alarm 0 at 7: 30 and 8\nAPI-Request:\n")
    for made in records:
        assert isinstance(made, Record)
        assert judge(completion_of(made), made.gold.calls).strict


def test_the_pool_of_an_item_is_the_same_in_every_language(data: Path) -> None:
    found = read(XSID, data, pool=2)
    for id in found.groups:
        tools = {made.tools for by_id in found.entries.values() if isinstance(made := by_id[id], Record)}
        assert len(tools) == 1
        assert len(json.loads(tools.pop() or "")) == 2


def test_rows_that_are_not_sound_are_set_aside_with_a_reason(data: Path) -> None:
    found = read(XSID, data)
    why = {
        number: made.reason for number, made in enumerate(found.entries["de"].values()) if isinstance(made, Rejected)
    }
    assert why == {
        SPOILT["value"]: "value-missing",
        SPOILT["slots"]: "arguments-differ",
        SPOILT["other"]: "other-item",
    }
    missing = [made.reason for made in found.entries["ja"].values() if isinstance(made, Rejected)]
    assert missing == ["not-translated"] * (ITEMS - JAPANESE)
    assert len(found.complete()) == JAPANESE - len(SPOILT)


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_on_both_sides(data: Path, seed: int) -> None:
    found = read(MSVAMP, data)
    test, away = split(found, 4, seed)
    assert len(test) == 4
    rest = [id for id in found.groups if id not in test and id not in away]
    assert not {found.groups[id] for id in rest} & {found.groups[id] for id in test}
    assert len(rest) == 6  # two families are asked for four items; the second is away but for one


def test_too_large_a_test_set_is_refused(data: Path) -> None:
    with pytest.raises(DataError, match="7 items are sound in every language, --test 8 are asked"):
        split(read(XSID, data), 8, 0)


def test_the_runs_are_finished_balanced_and_the_same_again(data: Path, tmp_path: Path) -> None:
    first = write_all(data, tmp_path / "a", test=4)
    assert write_all(data, tmp_path / "b", test=4) == first
    assert set(first) == {"api-train", "api-test", "math-train", "math-test", "math-mgsm"}
    for name, languages in first.items():
        run, again = open_run(tmp_path / "a" / name), open_run(tmp_path / "b" / name)
        assert run.manifest["complete"]
        assert run.manifest["licenses"]["source"] == LICENSES[name]
        for lang, totals in languages.items():
            assert totals["in"] == totals["out"] + sum(totals["rejected"].values())
            assert list(run.records(lang)) == list(again.records(lang))
        if not name.endswith("train"):
            assert {tuple(run.ids(lang, 0)) for lang in run.languages} == {tuple(run.ids("en", 0))}
    taught, asked = (set(open_run(tmp_path / "a" / name).ids("en", 0)) for name in ("api-train", "api-test"))
    assert not taught & asked


def test_a_solution_is_the_equation_and_the_answer(data: Path, tmp_path: Path) -> None:
    write_all(data, tmp_path, test=4)
    [record, *_] = open_run(tmp_path / "math-train").records("th")
    number = int(record.messages[0].content.rsplit(" ", 1)[1])
    assert completion_of(record) == f"{number + 9} - {number} = 9\n#### 9"
    assert record.gold.answer == "9"
    assert record.translation is not None and record.translation.model == "machine, checked by people"
    [record, *_] = open_run(tmp_path / "math-mgsm").records("sw")
    assert (completion_of(record), record.gold.answer) == ("#### 1000", "1000")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"en\.valid\.jsonl is missing"):
        write_all(tmp_path, tmp_path / "out")


def test_the_command_says_what_it_wrote(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--data", str(data), "--out", str(tmp_path), "--test", "4", "--pool", "2"])
    assert "api-test ja: 4 of 4" in capsys.readouterr().err


@pytest.mark.parametrize("preset", ["smollm2", "smollm2-cpu"])
def test_the_presets_ask_for_languages_that_are_there(preset: str) -> None:
    spec = load_spec(preset)
    for task in spec.data:
        origin = {"api": XSID, "math": MSVAMP}[task]
        assert {*spec.languages(task), *spec.evaluate.languages[task]} <= set(origin.files)
