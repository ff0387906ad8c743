"""Data to train on: what is learned of a row, from whatever holds it, and the items held out."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_records import records_of
from mix_runs import items, rows_of, write_run
from training_files import (
    called,
    learned_text,
    make_mixture,
    prompt_row,
    said,
    tiny_recipe,
    tiny_tokenizer,
    write_rows,
)

from mlt.eval.prompting import chat_ids, prompt_ids
from mlt.toolkit.errors import DataError, MltError, UsageError
from mlt.toolkit.mixtures import FORMATS, Format
from mlt.train.data import TrainingData, load_training_data
from mlt.train.labels import label_messages, label_prompts
from mlt.train.rows import mixture_row
from mlt.train.training_rows import training_row

for _package in ("datasets", "transformers", "torch"):
    pytest.importorskip(_package, reason="training needs it (mlt[train])")

TOKENIZER = tiny_tokenizer()
TOOLS = [{"type": "function", "function": {"name": "Sum", "description": "", "parameters": {"type": "object"}}}]


@pytest.fixture(scope="module", params=FORMATS)
def mixture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Format]:
    return make_mixture(tmp_path_factory.mktemp("mixture"), request.param), request.param


SPOKEN = [said("user", "?"), said("assistant", "!")]
UNANSWERED = {"messages": [said("user", "2 + 3?"), said("assistant", "Let me see."), said("user", "Well?")]}
RECORD = {"messages": [said("user", "2 + 3?")], "target": "#### 5", "gold": {"answer": "5"}}


def load(path: Path, *overrides: str, task: str = "math", tokenizer: Any = TOKENIZER) -> TrainingData:
    return load_training_data(path, tiny_recipe(*overrides, task=task), tokenizer)


def load_rows(folder: Path, *rows: dict[str, Any], **options: Any) -> TrainingData:
    return load(write_rows(folder / "rows.jsonl", rows), **options)


@pytest.mark.parametrize("task", ["math", "api"])
def test_mixture_gives_the_rows_of_the_recipes_task(mixture: tuple[Path, Format], task: str) -> None:
    path, format = mixture
    data = load(path, task=task)
    assert (data.kind, data.name, data.format, data.languages) == ("mixture", "mix", format, ["en", "sw"])
    assert data.train["task"] == [task] * 20
    assert (len(data.held_out), len(data.validation), data.left_out) == (6, 6, 26)
    wanted = {(row["id"], row["lang"]) for row in rows_of(path) if row["task"] == task}
    assert set(zip(data.train["id"], data.train["lang"], strict=True)) == wanted


def test_what_is_learned_of_a_prompt_is_the_completion_and_the_end_token(tmp_path: Path) -> None:
    path = make_mixture(tmp_path)
    by_id = {(row["id"], row["lang"]): row for row in rows_of(path)}
    for row in load(path).train:
        source = by_id[row["id"], row["lang"]]
        assert learned_text(row, TOKENIZER) == f"{source['completion']}{TOKENIZER.eos_token}"
        assert TOKENIZER.decode(row["input_ids"]) == f"{source['prompt']}{source['completion']}{TOKENIZER.eos_token}"
        assert row["input_ids"].count(TOKENIZER.eos_token_id) == 1


def test_what_is_learned_of_messages_is_what_the_assistant_says_and_calls(tmp_path: Path) -> None:
    rows = [
        said("user", "2 na 3?"),
        called("Sum", json.dumps({"a": "mbili"})),
        said("tool", "5", tool_call_id="call_0"),
        said("assistant", "Ni tano.", tool_calls=None),
    ]
    [row] = load_rows(tmp_path, {"messages": rows, "tools": json.dumps(TOOLS)}, task="api").train
    end = TOKENIZER.eos_token
    call = '<tool_call>\n{"name": "Sum", "arguments": {"a": "mbili"}}\n</tool_call>'
    assert learned_text(row, TOKENIZER) == f"{call}{end}Ni tano.{end}"
    text = TOKENIZER.decode(row["input_ids"])
    assert '"name": "Sum", "description"' in text
    assert "None" not in text


def test_a_model_learns_behind_the_very_tokens_that_it_will_be_asked_with(mixture: tuple[Path, Format]) -> None:
    path, format = mixture
    ask = prompt_ids if format == "prompt" else chat_ids
    for task in ("math", "api"):
        data = load(path, task=task)
        assert len(data.validation) == len(data.held_out)
        for item, row in zip(data.validation, data.held_out, strict=True):
            asked = ask(item, TOKENIZER)
            assert row["input_ids"][: row["prompt_tokens"]] == asked
            assert row["shared_tokens"] == row["prompt_tokens"] == len(asked)
            assert row["labels"][len(asked)] != -100
            assert set(row["labels"][: len(asked)]) == {-100}


def test_begin_token_stands_once_and_is_not_learned(tmp_path: Path) -> None:
    from tokenizers.processors import TemplateProcessing

    tokenizer = tiny_tokenizer()
    mark = "<|role|>"
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{mark} $A", special_tokens=[(mark, tokenizer.convert_tokens_to_ids(mark))]
    )
    [row] = load_rows(tmp_path, prompt_row(), tokenizer=tokenizer).train
    assert row["input_ids"].count(tokenizer.convert_tokens_to_ids(mark)) == 1
    assert row["labels"][0] == -100
    assert row["shared_tokens"] == row["prompt_tokens"]


def test_tokenizer_that_ends_every_text_ends_the_row_once_and_never_the_prompt(tmp_path: Path) -> None:
    from tokenizers.processors import TemplateProcessing

    tokenizer = tiny_tokenizer()
    end = tokenizer.eos_token
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"$A {end}", special_tokens=[(end, tokenizer.eos_token_id)]
    )
    [row] = load_rows(tmp_path, prompt_row(), tokenizer=tokenizer).train
    assert row["input_ids"].count(tokenizer.eos_token_id) == 1
    assert row["shared_tokens"] == row["prompt_tokens"]
    assert learned_text(row, tokenizer) == f"{prompt_row()['completion']}{end}"


def test_items_of_the_evaluation_hold_gold_and_the_english_calls(mixture: tuple[Path, Format]) -> None:
    path, format = mixture
    for task in ("math", "api"):
        rows = {(row["id"], row["lang"]): row for row in rows_of(path, "validation") if row["task"] == task}
        for item in load(path, task=task).validation:
            row = rows[item.id, item.lang]
            assert (item.task, item.group, item.gold.answer) == (task, row["group"], row["gold"]["answer"])
            assert (item.prompt or None) == row.get("prompt")
            assert item.messages == (None if format == "prompt" else row["messages"][:-1])
            assert [call.name for call in item.gold.calls] == [call["name"] for call in row["gold"]["calls"]]
            wanted = item.gold.calls if task == "api" and item.lang == "sw" else None
            assert item.source_calls == wanted


@pytest.mark.parametrize(
    ("task", "row", "gold"),
    [
        ("math", prompt_row(4), "5"),
        ("math", {"messages": [said("user", "?"), said("assistant", "So 7.\n#### 7")]}, "7"),
        ("math", prompt_row(completion="I do not know."), None),
        ("api", prompt_row(completion="[Sum(a=1)]"), [("Sum", {"a": 1})]),
        ("api", {"messages": [said("user", "?"), called("Sum", '{"a":1}')]}, [("Sum", {"a": 1})]),
        ("api", prompt_row(completion="[]"), []),
        ("api", prompt_row(completion="Karibu sana."), None),
        ("api", prompt_row(completion="[]", gold={"answer": None, "calls": [], "accepts": '[{"a":[1]}]'}), []),
        ("api", {"messages": [said("user", "?"), said("assistant", "Sawa.")]}, None),
    ],
)
def test_gold_is_read_from_the_row_where_no_column_says_it(
    tmp_path: Path, task: str, row: dict[str, Any], gold: Any
) -> None:
    write_rows(tmp_path / "set" / "train.jsonl", [prompt_row() if "prompt" in row else row])
    write_rows(tmp_path / "set" / "validation.jsonl", [row])
    validation = load(tmp_path / "set", task=task).validation
    if gold is None:
        assert validation == []
        return
    [item] = validation
    assert (item.gold.answer if task == "math" else [(c.name, dict(c.arguments)) for c in item.gold.calls]) == gold


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_file_as_trl_reads_it_is_trained_on(tmp_path: Path, ending: str) -> None:
    rows = [prompt_row(number, lang) for number in range(3) for lang in ("th", "en")]
    path = write_rows(tmp_path / "rows.jsonl", rows)
    if ending == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = tmp_path / "rows.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
    data = load(path)
    assert (data.kind, data.languages, len(data.train), data.validation) == ("files", ["en", "th"], 6, [])
    assert learned_text(data.train[0], TOKENIZER) == f"{rows[0]['completion']}{TOKENIZER.eos_token}"


def test_prompt_and_completion_of_messages_are_messages(tmp_path: Path) -> None:
    row = {"prompt": [said("user", "Hi?")], "completion": [said("assistant", "Hi.")]}
    data = load_rows(tmp_path, row)
    assert (data.format, data.languages) == ("messages", ["und"])
    assert learned_text(data.train[0], TOKENIZER) == f"Hi.{TOKENIZER.eos_token}"


def test_signature_says_which_rows_they_were(tmp_path: Path) -> None:
    first = load(write_rows(tmp_path / "a" / "rows.jsonl", [prompt_row(1)])).signature
    assert load(write_rows(tmp_path / "b" / "rows.jsonl", [prompt_row(1)])).signature == first
    assert load(write_rows(tmp_path / "c" / "rows.jsonl", [prompt_row(2)])).signature != first
    write_rows(tmp_path / "d" / "train.jsonl", [prompt_row(1)])
    alone = load(tmp_path / "d").signature
    write_rows(tmp_path / "d" / "validation.jsonl", [prompt_row(3)])
    assert load(tmp_path / "d").signature != alone  # it decides which checkpoint is kept
    mixture = make_mixture(tmp_path)
    assert load(mixture).signature == json.loads((mixture / "mixture.json").read_text())["signature"]


def test_folder_that_holds_one_mixture_stands_for_it(tmp_path: Path) -> None:
    assert load(make_mixture(tmp_path / "all").parent).name == "mix"


def test_published_mixture_is_trained_on_where_it_lies_and_from_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets
    import huggingface_hub

    from mlt.data_cards.publish import publish_to_folder

    mixture = make_mixture(tmp_path)
    published = publish_to_folder(mixture, tmp_path / "published", license="cc0-1.0", repository="me/set")
    card = SimpleNamespace(sha="c0ffee", card_data=SimpleNamespace(license="cc0-1.0"), gated=False)
    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", lambda *_, **__: card)

    def hub(name: str, config: str, *, split: str, **_: Any) -> Any:
        assert (name, config) == ("me/set", "mix")
        return datasets.load_dataset(str(published), config, split=split, streaming=True)

    with monkeypatch.context() as patch:
        whole = datasets.load_dataset
        patch.setattr(datasets, "load_dataset", lambda *a, **o: whole(*a, **o) if a[0] != "me/set" else hub(*a, **o))
        from_hub = load_training_data("hf://me/set:mix", tiny_recipe(), TOKENIZER)
    wanted = load(mixture)
    assert load(published).train.to_dict() == wanted.train.to_dict() == from_hub.train.to_dict()
    assert [item.key for item in from_hub.validation] == [item.key for item in wanted.validation]
    assert (from_hub.kind, from_hub.license) == ("hub", "cc0-1.0")
    assert "c0ffee" in from_hub.signature


def test_of_real_rows_exactly_the_completion_is_learned(data_dir: Path) -> None:
    for name in ("api_bank/test_level-1-api.jsonl", "gsm8k/train_first1000.jsonl"):
        for record in islice(records_of(data_dir / name), 60):
            rows = [training_row(mixture_row(record, format), "", record.task) for format in FORMATS]
            [labelled], spoken = label_prompts(rows[:1], TOKENIZER), label_messages(rows[1], TOKENIZER)
            assert learned_text({"labels": labelled.labels}, TOKENIZER) == f"{rows[0].completion}{TOKENIZER.eos_token}"
            for found in (labelled, spoken):
                assert found.shared_tokens == found.prompt_tokens
                assert found.labels[found.prompt_tokens] == found.input_ids[found.prompt_tokens]


def two_mixtures(folder: Path) -> Path:
    make_mixture(folder / "mixtures" / "a").rename(folder / "mixtures" / "first")
    make_mixture(folder / "mixtures" / "b").rename(folder / "mixtures" / "second")
    return folder / "mixtures"


def changed_mixture(folder: Path) -> Path:
    path = make_mixture(folder)
    with (path / "train" / "part-00000.parquet").open("ab") as file:
        file.write(b"more")
    return path


@pytest.mark.parametrize(
    ("make", "overrides", "says"),
    [
        (lambda folder: folder / "missing", (), "no such mixture, folder or file"),
        (lambda folder: write_run(folder / "run", {"en": items(2)}), (), "is a run: make a mixture of it first"),
        (two_mixtures, (), "holds 2 mixtures: name one of them, such as first, second"),
        (changed_mixture, (), "part-00000.parquet is missing or not as mlt mix has written it"),
        (make_mixture, ("format=messages",), "format=messages: the train rows of mix are of format prompt"),
        (lambda f: write_rows(f / "r.jsonl", [prompt_row(task="api")]), (), "task=math: r.jsonl holds api to train on"),
        (
            lambda f: write_rows(f / "r.jsonl", [{"text": "All in one."}]),
            (),
            "needs prompt and completion, or messages",
        ),
        (lambda f: write_rows(f / "r.jsonl", [prompt_row(completion=" ")]), (), "train row 1 has an empty completion"),
        (
            lambda f: write_rows(f / "r.jsonl", [UNANSWERED]),
            (),
            "no token to learn: its last message is of the user",
        ),
        (lambda f: write_rows(f / "r.jsonl", [RECORD]), (), "train row 1 is a record of a run.*mlt mix"),
        (lambda f: write_rows(f / "r.jsonl", [{"messages": ["hi"]}]), (), "messages must be a list of objects"),
        (lambda f: write_rows(f / "r.jsonl", [prompt_row(), {"messages": SPOKEN}]), (), "mixes prompts"),
        (lambda f: write_rows(f / "r.jsonl", [{"messages": SPOKEN, "tools": "["}]), (), "no JSON text"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_one_line(
    tmp_path: Path, make: Any, overrides: tuple[str, ...], says: str
) -> None:
    path = make(tmp_path)
    with pytest.raises(MltError, match=says) as caught:
        load(path, *overrides)
    assert "\n" not in str(caught.value)


def test_malformed_row_is_named(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [prompt_row()])
    path.write_text(path.read_text() + "{torn\n")
    with pytest.raises(DataError, match=r"rows\.jsonl: .*line 2"):
        load(path)


@pytest.mark.parametrize("arguments", ["[1]", "{torn", 5])
def test_calls_that_cannot_be_read_are_refused(tmp_path: Path, arguments: Any) -> None:
    with pytest.raises(DataError, match="tool_calls cannot be read"):
        load_rows(tmp_path, {"messages": [said("user", "?"), called("Sum", arguments)]}, task="api")


def test_tokenizer_without_an_end_token_is_refused(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.eos_token = None
    with pytest.raises(UsageError, match="no end token"):
        load_rows(tmp_path, prompt_row(), tokenizer=tokenizer)


def test_row_that_the_template_refuses_is_named(tmp_path: Path) -> None:
    refuses = "{% if messages|length == 3 %}{{ raise_exception('Roles must alternate') }}{% endif %}"
    tokenizer = tiny_tokenizer(refuses + TOKENIZER.chat_template)
    row = {"id": "r9", "lang": "sw", "messages": [said("user", "?"), said("user", "?"), said("assistant", "!")]}
    with pytest.raises(DataError, match=r"row r9 \(sw\) does not fit the chat template: Roles must alternate"):
        load_rows(tmp_path, row, tokenizer=tokenizer)
