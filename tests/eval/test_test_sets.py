"""Test sets: which rows become items, in which language, behind which examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hub_client import HubClient
from hub_repository import Blob, Repository
from hub_server import TOKEN, HubServer

from mlt.eval.items import item_key
from mlt.eval.set_files import SetFiles, language_of, sort_files
from mlt.eval.shots import exemplar_records, read_literals, record_shots
from mlt.eval.test_sets import known_sets, load_items, open_test_set
from mlt.toolkit.errors import DataError, UsageError
from mlt.toolkit.records import Call, Gold

QUESTIONS = {
    "en": ["How many?", "How much?", "How far?"],
    "sw": ["Ngapi?", "Kiasi gani?", "Umbali gani?"],
    "ja": ["いくつ？", "いくら？", "どのくらい？"],
}
ANSWERS = ["18", "1,234", "3"]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def tsv_folder(tmp_path: Path) -> Path:
    """MGSM as it is published: a tsv file a language without a header."""
    folder = tmp_path / "mgsm"
    folder.mkdir()
    for lang, questions in QUESTIONS.items():
        lines = [f"{question}\t{answer}\n" for question, answer in zip(questions, ANSWERS, strict=True)]
        (folder / f"mgsm_{lang}.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


def api_row(number: int, values: tuple[str, str] = ("Nairobi", "Paris")) -> dict[str, Any]:
    tools = [{"name": "Weather", "description": "", "parameters": {"type": "dict", "properties": {}}}]
    return {
        "id": f"parallel_{number}",
        "category": "parallel",
        "question": [[{"role": "user", "content": f"Weather in {values[0]} and {values[1]}?"}]],
        "function": tools,
        "ground_truth": [{"Weather": {"city": [value]}} for value in values],
    }


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("mgsm_sw.tsv", "sw"),
        ("sw.test_001-100.jsonl", "sw"),
        ("mgsm_zh.tsv", "zh-Hans"),
        ("test_Swahili.json", "sw"),
        ("test_Chinese.json", "zh-Hans"),
        ("sw/test-00000-of-00001.parquet", "sw"),
        ("ja.first200.jsonl.gz", "ja"),
        ("test_level-1-api.jsonl", None),
        ("simple_java.jsonl", None),
        ("live_multiple.jsonl.gz", None),
        ("train_lv3.jsonl", None),
        ("train.jsonl", None),
        ("all.jsonl", None),
    ],
)
def test_a_file_name_gives_its_language_away(name: str, lang: str | None) -> None:
    assert language_of(name) == lang


def test_examples_are_told_from_tests_and_other_files_left_alone() -> None:
    names = ["sw.test.jsonl", "sw.exemplars.jsonl", "README.md", "sw.notes.jsonl", "meta.json"]
    assert sort_files(names) == SetFiles({"sw": "sw.test.jsonl"}, {"sw": "sw.exemplars.jsonl"})


def test_two_files_of_one_language_are_refused() -> None:
    with pytest.raises(UsageError, match=r"two files of sw: a_sw\.tsv and b_sw\.tsv"):
        sort_files(["a_sw.tsv", "b_sw.tsv"])


def test_a_tsv_without_header_loses_no_row(tsv_folder: Path) -> None:
    items = load_items("math", "sw,ja", f"mgsm={tsv_folder}")
    assert [(item.lang, item.id, item.gold.answer) for item in items] == [
        (lang, f"mgsm-{row:03d}", answer) for lang in ("sw", "ja") for row, answer in enumerate(["18", "1234", "3"])
    ]
    assert items[0].prompt == "Ngapi?\nHebu fikiria hatua kwa hatua.\n"
    assert items[3].prompt == "いくつ？\n段階的に考えてみましょう。\n"


def test_one_file_of_such_a_folder_is_read_alone(tsv_folder: Path) -> None:
    opened = open_test_set("math", None, tsv_folder / "mgsm_ja.tsv")
    assert (opened.languages, len(opened.items)) == (["ja"], 3)


def test_all_languages_are_taken_english_first(tsv_folder: Path) -> None:
    opened = open_test_set("math", None, tsv_folder)
    assert opened.languages == ["en", "ja", "sw"]
    assert opened.name == "mgsm"


def test_a_group_is_the_problem_in_every_language(tsv_folder: Path) -> None:
    items = load_items("math", None, tsv_folder)
    assert all(item.group == item.id for item in items)


def test_rows_may_say_their_language(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "lang": "swh_Latn", "question": "Ngapi?", "answer": "5"},
        {"id": "a", "language": "English", "question": "How many?", "answer": "5"},
        {"id": "b", "lang": "nowhere", "question": "?", "answer": "5"},
    ]
    opened = open_test_set("math", None, write_rows(tmp_path / "both.jsonl", rows))
    assert [(item.lang, item.id) for item in opened.items] == [("en", "a"), ("sw", "a")]
    assert opened.skipped == {"unknown-language": 1}


def test_msvamp_as_published_is_read_by_its_translated_column(tmp_path: Path) -> None:
    row = {"query": "How many?", "m_query": "Ngapi?", "equation": "5-2", "response": "3.0"}
    (tmp_path / "test_Swahili.json").write_text(json.dumps([row]), encoding="utf-8")
    [item] = load_items("math", None, f"msvamp={tmp_path}")
    assert (item.lang, item.prompt.split("\n")[0], item.gold.answer) == ("sw", "Ngapi?", "3")


def test_a_limit_takes_the_same_items_in_every_language(tsv_folder: Path) -> None:
    chosen = {
        lang: [item.id for item in load_items("math", lang, tsv_folder, limit=2, seed=1)] for lang in ("en", "sw", "ja")
    }
    assert len(set(map(tuple, chosen.values()))) == 1
    assert all(len(ids) == 2 for ids in chosen.values())
    seeds = {tuple(item.id for item in load_items("math", "en", tsv_folder, limit=1, seed=seed)) for seed in range(9)}
    assert len(seeds) > 1


def test_rows_that_are_the_same_keep_keys_of_their_own(tmp_path: Path) -> None:
    rows = [{"question": "How many?", "answer": "5"}] * 3
    items = load_items("math", None, write_rows(tmp_path / "same.jsonl", rows))
    assert len({item.key for item in items}) == 3
    assert [item.id.removeprefix(items[0].id) for item in items] == ["", "-2", "-3"]


def test_a_key_changes_with_all_that_is_asked() -> None:
    keys = {
        item_key("math", "en", "a", "How many?\n"),
        item_key("api", "en", "a", "How many?\n"),
        item_key("math", "sw", "a", "How many?\n"),
        item_key("math", "en", "b", "How many?\n"),
        item_key("math", "en", "a", "How much?\n"),
        item_key("math", "en", "a", "", [{"role": "user", "content": "How many?\n"}]),
    }
    assert len(keys) == 6


def test_bfcl_items_hold_what_may_be_answered(tmp_path: Path) -> None:
    [item] = load_items("api", None, f"bfcl:parallel={write_rows(tmp_path / 'parallel.jsonl', [api_row(0)])}")
    assert item.test_set == "bfcl:parallel"
    assert item.gold == Gold(
        calls=(Call("Weather", {"city": "Nairobi"}), Call("Weather", {"city": "Paris"})),
        accepts=({"city": ["Nairobi"]}, {"city": ["Paris"]}),
    )
    assert json.loads(item.tools or "")[0]["function"]["name"] == "Weather"
    assert item.messages == [
        {
            "role": "user",
            "content": "Weather in Nairobi and Paris?",
            "tool_calls": None,
            "tool_call_id": None,
        }
    ]


def test_rows_that_want_no_call_are_left_out_and_counted(tmp_path: Path) -> None:
    head = {"instruction": "API descriptions:\n" + json.dumps({"name": "Add"}), "input": "User: 5 + 6?\n"}
    rows = [
        {**head, "expected_output": "API-Request: [Add(a='5')]"},
        {**head, "expected_output": "AI: It is 11."},
    ]
    opened = open_test_set("api", None, write_rows(tmp_path / "level.jsonl", rows))
    assert [item.gold.calls for item in opened.items] == [(Call("Add", {"a": "5"}),)]
    assert opened.skipped == {"no-call-wanted": 1}


EXEMPLARS = [
    {"question": f"Swali: Ngapi {n}?", "answer": f"Jibu la Hatua kwa Hatua: Ni {n}.\n\nJibu ni {n}."} for n in range(3)
]


def test_examples_stand_in_the_form_of_the_prompt(tsv_folder: Path) -> None:
    write_rows(tsv_folder / "sw.exemplars.jsonl", EXEMPLARS)
    item = load_items("math", "sw", tsv_folder, shots=2)[0]
    assert item.prompt == (
        "Ngapi 0?\nHebu fikiria hatua kwa hatua.\nNi 0.\nJibu ni 0.\n\n"
        "Ngapi 1?\nHebu fikiria hatua kwa hatua.\nNi 1.\nJibu ni 1.\n\n"
        "Ngapi?\nHebu fikiria hatua kwa hatua.\n"
    )
    assert item.stop == ("\n\n",)
    assert [message["role"] for message in item.messages or ()] == ["user", "assistant", "user", "assistant", "user"]


def test_zero_shot_items_have_no_stop(tsv_folder: Path) -> None:
    assert {item.stop for item in load_items("math", None, tsv_folder)} == {()}


def test_a_label_that_not_all_examples_have_stays() -> None:
    rows = [{"question": "Note: two.", "answer": "A: 2"}, {"question": "How many?", "answer": "A: 3"}]
    records = exemplar_records(rows, "en", "mine")
    assert [record.messages[0].content for record in records] == ["Note: two.", "How many?"]
    assert [record.target for record in records] == ["2", "3"]


def test_literals_are_read_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "exemplars.py"
    path.write_text(
        f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\nNUMBERS = [11]\n"
        "MGSM_EXEMPLARS = {'sw': {'1': {'q': 'Swali: ' 'Ngapi?', 'a': 'Jibu ni 11.', 'number_answer': NUMBERS[0]}}}\n",
        encoding="utf-8",
    )
    assert read_literals(path) == {"sw": [{"question": "Swali: Ngapi?", "answer": "Jibu ni 11."}]}
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", ["MGSM_EXEMPLARS = open('x')", "x = 1", "(", "MGSM_EXEMPLARS = {'sw': [1]}"])
def test_a_file_of_no_literals_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "exemplars.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="holds no table of examples"):
        read_literals(path)


@pytest.mark.parametrize(
    ("task", "langs", "data", "options", "said"),
    [
        ("math", None, "nowhere", {}, "--data nowhere: no such file, folder or test set"),
        ("api", None, "mgsm", {}, "--data mgsm is a test set for --task math"),
        ("math", "te", "{folder}", {}, "--langs te: mgsm has en, ja, sw"),
        ("math", "sw", "{folder}", {"shots": 4}, "--shots 4: mgsm has 0 worked examples in sw"),
        ("talk", None, "mgsm", {}, "--task talk: choose math or api"),
        ("math", None, "{folder}", {"limit": 0}, "--limit 1 or more"),
        ("math", None, "mgsm:sw", {}, "mgsm has no parts"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    tsv_folder: Path, task: str, langs: str | None, data: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        open_test_set(task, langs, data.format(folder=tsv_folder), **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_set_without_an_item_says_why(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "empty.jsonl", [{"question": "How many?", "answer": "nobody knows"}])
    with pytest.raises(DataError, match="no item for math"):
        load_items("math", None, path)


def test_every_named_set_has_a_task_and_a_place() -> None:
    assert {known.task for known in known_sets().values()} == {"math", "api"}
    assert all((known.hub is None) != (known.source is None) for known in known_sets().values())


@pytest.mark.parametrize("name", ["mgsm", "msvamp"])
def test_real_sets_are_parallel(data_dir: Path, name: str) -> None:
    items = load_items("math", None, f"{name}={data_dir / name}")
    by_lang: dict[str, list[tuple[str, str | None]]] = {}
    for item in items:
        by_lang.setdefault(item.lang, []).append((item.id, item.gold.answer))
    assert set(by_lang) == {"en", "es", "ja", "sw", "th"}
    assert all(found == by_lang["en"] for found in by_lang.values())


def test_every_row_of_the_call_subtask_is_an_item(data_dir: Path) -> None:
    path = data_dir / "api_bank" / "test_level-1-api.jsonl"
    opened = open_test_set("api", None, path)
    assert opened.skipped == {}
    assert len(opened.items) == sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line)
    assert all(item.prompt.endswith("API-Request:\n") and item.gold.calls for item in opened.items)


@pytest.mark.parametrize("lang", ["en", "es", "ja", "sw", "th"])
def test_labels_of_real_examples_are_taken_off(data_dir: Path, lang: str) -> None:
    [*items] = load_items("math", lang, f"mgsm={data_dir / 'mgsm'}", shots=8, limit=1)
    assert items[0].prompt.count("\n\n") == 8
    assert not any(mark in items[0].prompt for mark in ("Question:", "Swali:", "問題", "โจทย์", "Pregunta:"))


def test_a_chat_example_is_whole() -> None:
    records = exemplar_records([{"question": "How many?", "answer": "It is 3."}], "en", "mine")
    assert [message["content"] for message in record_shots(records).messages] == [
        "How many?\nLet's think step by step.",
        "It is 3.",
    ]


LITERALS = "MGSM_EXEMPLARS = {'sw': {'1': {'q': 'Swali: Mipira mingapi?', 'a': 'Jibu: 5 + 6 = 11. Jibu ni 11.'}}}\n"


def test_mgsm_comes_from_the_hub_with_its_examples(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    repository = Repository("dataset", "juletxara/mgsm")
    files = {"mgsm_sw.tsv": "Ngapi?\t18\n", "mgsm_en.tsv": "How many?\t18\n", "exemplars.py": LITERALS, "mgsm.py": ""}
    commit = repository.commit("main", {name: Blob(text.encode(), False) for name, text in files.items()}, "all")
    code = """
        from mlt.eval.test_sets import open_test_set
        opened = open_test_set("math", "sw", None, shots=1)
        result = [opened.name, opened.revisions, [item.prompt for item in opened.items]]
    """
    with HubServer() as server, HubClient(server.url, tmp_path / "home", TOKEN) as client:
        server.repositories["dataset", "juletxara/mgsm"] = repository
        name, revisions, prompts = client.run(code)
    assert (name, revisions) == ("mgsm", {"sw": commit.oid})
    steps = "Hebu fikiria hatua kwa hatua."
    assert prompts == [f"Mipira mingapi?\n{steps}\n5 + 6 = 11. Jibu ni 11.\n\nNgapi?\n{steps}\n"]
