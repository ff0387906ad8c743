"""An evaluation as a whole: what it leaves behind, and that a kill at any moment changes nothing of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from causal_models import byte_tokenizer, tiny_model

from mlt.eval import api
from mlt.eval.api import evaluate, open_generator
from mlt.eval.engine import Output
from mlt.eval.items import Item, make_item
from mlt.toolkit.errors import DataError, EnvironmentProblem, UsageError
from mlt.toolkit.locks import locked
from mlt.toolkit.records import Gold

LANGS = {"en": "How many, {}?", "sw": "Ngapi, {}?", "ja": "いくつ、{}？"}
ROWS = 7


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    tiny_model().save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for lang, text in LANGS.items():
        lines = [f"{text.format('x' * (row % 4))}\t{row}\n" for row in range(ROWS)]
        (folder / f"mine_{lang}.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


class Answering:
    """Answers with the gold of the questions whose place is even. Is ended from outside after ``ends_after`` answers;
    ``asked`` holds the keys of all that it was asked."""

    def __init__(self, name: str = "answering", ends_after: int | None = None) -> None:
        self.identity: dict[str, Any] = {"backend": "own", "model": {"name": name}}
        self.asked: list[str] = []
        self.closed = False
        self._left = ends_after

    def generate(
        self, prompts: Sequence[Item], *, max_new_tokens: int, done: Collection[int] = ()
    ) -> Iterator[tuple[int, Output]]:
        for index, item in enumerate(prompts):
            if index in done:
                continue
            if self._left == 0:
                raise KeyboardInterrupt
            self._left = None if self._left is None else self._left - 1
            self.asked.append(item.key)
            yield index, Output(f"It is {item.gold.answer}." if index % 2 == 0 else "No idea.", "stop", 5, 4)

    def close(self) -> None:
        self.closed = True


def run(made: Answering, data: Path | str, out: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    monkeypatch.setattr(api, "open_generator", lambda *_, **__: made)
    return evaluate("any", **{"task": "math", "data": data, "out": out, "lid": "none", **options})


def samples(out: Path) -> dict[str, list[dict[str, Any]]]:
    files = sorted((out / "samples").glob("*.jsonl"))
    return {path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in files}


def content(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.suffix == ".jsonl"}


def test_every_item_is_judged_and_written_down(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Answering()
    result = run(made, data, tmp_path / "out", monkeypatch, lid="embedded")
    found = samples(tmp_path / "out")
    assert {name: len(lines) for name, lines in found.items()} == dict.fromkeys(("math-en", "math-ja", "math-sw"), ROWS)
    assert found["math-sw"][0] == {
        "key": made.asked[2 * ROWS],
        "id": "mine-000",
        "group": "mine-000",
        "task": "math",
        "lang": "sw",
        "test_set": "mine",
        "prompt": "Ngapi, ?\nHebu fikiria hatua kwa hatua.\n",
        "output": "It is 0.",
        "finish": "stop",
        "extracted": "0",
        "gold": "0",
        "verdicts": {"faithful": found["math-sw"][0]["verdicts"]["faithful"], "robust": True},
        "error": None,
        "fidelity": {"judged": False, "lang": None, "match": None, "lines": 1, "skipped": 0},
        "tokens": 5,
        "generated_tokens": 4,
    }
    assert made.closed
    assert result.generated == 3 * ROWS
    cells = {cell["lang"]: cell["verdicts"]["robust"]["correct"] for cell in result.results["cells"]}
    assert cells == {"en": 4, "ja": 4, "sw": 4}
    assert all(
        (tmp_path / "out" / name).is_file() for name in ("eval.json", "results.json", "report.md", "report.html")
    )


@pytest.mark.parametrize("after", [0, 1, ROWS, ROWS + 3, 3 * ROWS - 1])
@pytest.mark.parametrize("torn", ["", '{"key": "half'])
def test_an_evaluation_that_was_ended_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, torn: str
) -> None:
    run(Answering(), data, tmp_path / "whole", monkeypatch)
    first, second = Answering(ends_after=after), Answering()
    with pytest.raises(KeyboardInterrupt):
        run(first, data, tmp_path / "out", monkeypatch)
    assert not (tmp_path / "out" / "results.json").exists()
    with sorted((tmp_path / "out" / "samples").glob("*.jsonl"))[-1].open("a", encoding="utf-8") as file:
        file.write(torn)
    result = run(second, data, tmp_path / "out", monkeypatch)
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert not set(first.asked) & set(second.asked)
    assert result.generated == 3 * ROWS - after


def test_batches_of_a_model_are_those_of_an_evaluation_never_ended(
    model: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"task": "math", "data": data, "max_new_tokens": 6, "batch_size": 3, "lid": "none"}
    evaluate(model, out=tmp_path / "whole", **options)
    appended = api.SampleFile.append
    count = iter(range(100))

    def ends(self: Any, sample: Any) -> None:
        if next(count) == ROWS + 2:
            raise KeyboardInterrupt
        appended(self, sample)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(api.SampleFile, "append", ends)
        evaluate(model, out=tmp_path / "out", **options)
    evaluate(model, out=tmp_path / "out", **options)
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_a_finished_evaluation_asks_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Answering(), data, tmp_path / "out", monkeypatch)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    again = Answering()
    assert run(again, data, tmp_path / "out", monkeypatch).generated == 0
    assert again.asked == []
    assert before == {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}


def test_languages_items_and_sets_are_added(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run(Answering(), data, out, monkeypatch, langs="en", limit=2)
    run(Answering(), data, out, monkeypatch, langs="en")
    run(Answering(), data, out, monkeypatch, langs="sw")
    result = run(Answering(), f"other={data}", out, monkeypatch, langs="sw", limit=3)
    cells = {(cell["test_set"], cell["lang"]): cell["items"] for cell in result.results["cells"]}
    assert cells == {("mine", "en"): ROWS, ("mine", "sw"): ROWS, ("other", "sw"): 3}
    keys = [(sample["test_set"], sample["key"]) for lines in samples(out).values() for sample in lines]
    assert len(keys) == len(set(keys))
    manifest = json.loads((out / "eval.json").read_text("utf-8"))
    assert list(manifest["sets"]["mine"]["revisions"]) == ["en", "sw"]


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("another", {}, "model.name 'answering', now it is 'another'"),
        ("answering", {"max_new_tokens": 9}, "max_new_tokens 512, now it is 9"),
        ("answering", {"lid": "embedded"}, "lid 'none', now it is 'embedded'"),
    ],
)
def test_what_was_evaluated_otherwise_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any], said: str
) -> None:
    out = tmp_path / "out"
    run(Answering(), data, out, monkeypatch)
    before = content(out)
    with pytest.raises(UsageError, match=said):
        run(Answering(name), data, out, monkeypatch, **options)
    assert content(out) == before
    made = Answering(name)
    assert run(made, data, out, monkeypatch, force=True, **options).generated == 3 * ROWS


def test_rows_that_have_changed_since_are_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Answering(), data, tmp_path / "out", monkeypatch)
    (data / "mine_sw.tsv").write_text("Ngapi?\t9\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"revisions\.sw"):
        run(Answering(), data, tmp_path / "out", monkeypatch)
    assert run(Answering(), data, tmp_path / "out", monkeypatch, langs="en").generated == 0


def test_a_folder_of_something_else_is_left_alone(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(UsageError, match="holds something else than an evaluation"):
            run(Answering(), data, out, monkeypatch, force=force)
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_force_removes_only_what_an_evaluation_wrote(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run(Answering(), data, out, monkeypatch)
    (out / "notes.txt").write_text("mine")
    run(Answering(), data, out, monkeypatch, langs="en", force=True)
    assert list(samples(out)) == ["math-en"]
    assert (out / "notes.txt").read_text() == "mine"


def test_one_process_at_a_time_writes_a_folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Answering(), data, tmp_path / "out", monkeypatch, langs="en")
    with locked(tmp_path / "out"), pytest.raises(EnvironmentProblem, match="being written by another process"):
        run(Answering(), data, tmp_path / "out", monkeypatch)


def test_a_damaged_line_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(Answering(), data, tmp_path / "out", monkeypatch, langs="en")
    path = tmp_path / "out" / "samples" / "math-en.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], "{}\n", *lines[1:]]), encoding="utf-8")
    with pytest.raises(DataError, match=r"math-en\.jsonl line 2 is damaged"):
        run(Answering(), data, tmp_path / "out", monkeypatch, langs="en")


def test_a_dry_run_loads_no_model_and_writes_nothing(data: Path, tmp_path: Path) -> None:
    result = evaluate("nowhere", task="math", data=data, out=tmp_path / "out", dry_run=True)
    assert (len(result.test_set.items), result.path) == (3 * ROWS, None)
    assert not (tmp_path / "out").exists()


def test_a_set_of_messages_alone_is_asked_by_chat() -> None:
    prompts = [make_item(id="a", group="a", task="api", lang="en", test_set="s", gold=Gold(), prompt="?")]
    messages = [make_item(id="a", group="a", task="api", lang="en", test_set="s", gold=Gold(), messages=[])]
    assert [api._chats("auto", items) for items in (prompts, messages)] == [False, True]
    assert [api._chats("on", prompts), api._chats("off", messages)] == [True, False]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "tpu"}, "--backend tpu: choose auto, transformers, vllm, openai"),
        ({"chat": "maybe"}, "--chat maybe: choose auto, on, off"),
        ({"batch_size": 0}, "must be 1 or more"),
        ({"max_new_tokens": 0}, "must be 1 or more"),
        ({"out": None}, "--out is missing"),
    ],
)
def test_options_are_checked_first(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        evaluate("nowhere", **{"task": "math", "data": "nowhere", "out": tmp_path / "out", **options})


def test_an_endpoint_is_run_by_no_other_backend() -> None:
    with pytest.raises(UsageError, match="is an endpoint"):
        open_generator("openai:http://127.0.0.1:1/v1#m", backend="vllm")
