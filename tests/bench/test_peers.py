"""The peers' comparison: samples and sentences, agreement of outputs, stages, and the products that are needed."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from bench import peer_plan, peer_process, peers
from bench.common import Settings
from bench.gemm import multiply_adds
from bench.gpu import fastest, plan
from bench.nllb_shape import THAI_WORDS, thai_words
from bench.peer_callers import Job, OursWithoutList
from bench.peer_packages import readable_by_4
from bench.peer_plan import GROUPS, HOWS, NAMES, interpreter, settings_tried
from bench.peer_process import PeerProcess, _answered
from bench.peer_stages import stage_of, stages
from bench.peer_texts import Sample, flat, sample, sentences, unique_sentences
from bench.peers import Measured, agreement, best_options, compared, said
from mlt.translate.model_store import tiny_folder

PROBLEM = {"question": "Ann has 3 books. How many?", "answer": "She has 3+0=<<3+0=3>>3.\n#### 3"}


def test_a_sample_is_spread_over_all_rows(tmp_path: Path) -> None:
    rows = [{"question": f"What is {n}? Say it.", "answer": f"It is {n}.\n#### {n}"} for n in range(10)]
    some = sample(rows, 3, tmp_path / "rows.jsonl")
    assert [row[0] for row in some.texts] == [f"What is {n}? Say it." for n in (0, 3, 6)]
    assert sample(rows, 99, tmp_path / "all.jsonl").rows == 10


def test_others_translate_the_texts_that_mlt_takes_out_of_a_row(tmp_path: Path) -> None:
    texts = sample([PROBLEM], 1, tmp_path / "rows.jsonl").texts
    assert "<<" not in "".join(flat(texts))
    assert flat(texts)[0] == PROBLEM["question"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("One\n\nTwo ", ["One", "Two"]),
        ("It costs 3.50 now.", ["It costs 3.50 now."]),
        ("  ", []),
    ],
)
def test_plain_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_plain_script_sends_no_sentence_twice() -> None:
    assert unique_sentences([["One. Two.", "Two."], ["One."]]) == ["One.", "Two."]


def test_outputs_are_compared_where_both_sides_sent_the_same_text() -> None:
    same = agreement([("a", "x y z"), ("b", "words")], [("a", "x y z"), ("b", "other"), ("c", "more")])
    assert (same["texts"], same["identical"]) == (2, 1)
    assert 0 <= same["chrf_of_others"] < 60
    assert said(same).startswith("of 2 texts that both sent 1 came back the same, chrF of the others ")
    assert said(agreement([("a", "x")], [("c", "x")])) == "no text was sent as it is by both"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group.data}-{len(group.sides)}")
def test_every_comparison_has_its_sides_and_their_words(group: peer_plan.Group) -> None:
    names = [side.name for side in group.sides]
    assert len(set(names)) == len(names)
    for against in group.compared:
        assert {against.ours, against.theirs} <= set(names)
    for side in group.sides:
        for caller in (side.caller, interpreter(side.caller)[0]):
            assert caller in NAMES and caller in HOWS and caller in peer_process._MODULES
            assert settings_tried(caller)


def test_rates_are_compared_and_not_times() -> None:
    group = GROUPS[0]
    against = group.compared[0]
    sides = {side.name: side for side in group.sides}
    ours = Measured("Ours", sides[against.ours], 400, {}, 1.0, [100.0, 80.0, 100.0], [("a", "b")], 1000)
    theirs = Measured("Sentences", sides[against.theirs], 60, {}, 1.0, [30.0, 30.0, 60.0], [("a", "b")], 100)
    figure = compared(group, against, {against.ours: ours, against.theirs: theirs})
    assert (figure.measured, figure.low, figure.high, figure.met) == (2.5, 2.0, 4.0, True)
    assert "400 and 60 rows" in figure.how and "of 1 texts that both sent 1 came back the same" in figure.how


def test_a_package_that_is_not_there_is_named_as_its_call_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(peer_plan.PYTHON, raising=False)
    assert interpreter("EasyNmt") == ("EasyNmtPattern", sys.executable)
    assert "call pattern" in NAMES["EasyNmtPattern"]
    assert interpreter("Sentences") == ("Sentences", sys.executable)


def test_mlt_is_measured_from_the_file_to_the_run(tmp_path: Path) -> None:
    some = sample([PROBLEM], 1, tmp_path / "rows.jsonl")
    ours = OursWithoutList(tmp_path, tiny_folder())
    ours.prepare(1)  # so small a model is not measured
    ours.translate(Job(str(some.source), some.texts, 1))
    assert [source for source, _ in ours.pairs()] == unique_sentences(some.texts)
    assert all(target for _, target in ours.pairs())
    facts = ours.facts()
    assert facts["shortlist"] is None and facts["settings"]["speed-th"]["batch_tokens"] == 2048


class _Echo:
    """A side that says what it is sent, and has no facts to tell."""

    def translate(self, job: Job) -> None:
        self._said = [(text, text) for row in job.texts for text in row]

    def pairs(self) -> list[tuple[str, str]]:
        return self._said


def test_a_process_answers_jobs_and_questions() -> None:
    echo, job = _Echo(), {"source": "", "texts": [["a"], ["b"]], "beam": 1, "options": {}}
    assert _answered(echo, {"job": job})["seconds"] >= 0
    assert _answered(echo, {"question": "pairs"}) == {"answer": [("a", "a"), ("b", "b")]}
    assert _answered(echo, {"question": "facts"}) == {"answer": {}}
    assert _answered(echo, {"prepare": 1}) == {}
    assert _answered(echo, {"question": "memory_kb"})["answer"] > 1000
    assert isinstance(_answered(echo, {"profiled": job})["answer"], dict)


class _Watched:
    """A side that tells where its time goes."""

    def stages(self, some: Sample, beam: int, options: dict[str, int]) -> dict[str, float]:
        return {"decode": 0.9, "write": 0.1}


def test_the_stages_of_a_run_are_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_started", lambda *arguments: _Watched())
    monkeypatch.setattr(peers, "_rows", lambda settings, data: [PROBLEM])
    figure = peers._stages(Settings(tmp_path, tmp_path, quick=True), tmp_path, tmp_path, tmp_path)
    assert figure.measured == 90.0
    assert figure.how.startswith("1 rows of GSM8K") and figure.how.endswith("decode 90.0%, write 10.0%")


class _Timed:
    """A side that is as fast as its options say."""

    caller = "Generate"

    def translate(self, sample: Sample, beam: int, options: dict[str, int]) -> float:
        return abs(options["batch"] - 16)


def test_a_side_has_the_fastest_of_its_settings() -> None:
    some = Sample(Path("rows.jsonl"), [["One."]])
    assert best_options(_Timed(), some, 1) == {"batch": 16}  # type: ignore[arg-type]
    assert best_options(_Timed(), some, 1, at_once=True) == settings_tried("Generate")[0]  # type: ignore[arg-type]


def test_a_side_that_ends_is_told_and_none_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="its process has ended"):
        PeerProcess("Ours", tmp_path, tmp_path, Sample(tmp_path / "none.jsonl", []), {}, python="/bin/false")
    assert threading.active_count() == before


def test_multiply_adds_grow_with_beam_words_and_tokens() -> None:
    square = 1024 * 1024
    assert multiply_adds(1, 0, 16_000) == 12 * 14 * square
    assert multiply_adds(0, 1, 16_000) == 12 * 14 * square + 16_000 * 1024
    assert multiply_adds(0, 1, 256_206, beam=4) == 4 * (12 * 14 * square + 256_206 * 1024)


@pytest.mark.parametrize(
    ("modules", "stage"),
    [
        (["tokenizers", "mlt.translate.engines.tokenization", "mlt.translate.engines.ct2"], "tokenise"),
        (["mlt.translate.engines.ct2", "mlt.translate.decode", "mlt.translate.pipeline"], "decode"),
        (["mlt.translate.engines.ct2", "mlt.translate.shortlist.audit", "mlt.translate.pipeline"], "audit"),
        (["json", "mlt.translate.shortlist.cut", "mlt.translate.pipeline"], "list"),
        (["pyarrow", "mlt.toolkit.store", "mlt.translate.pipeline"], "write"),
        (["mlt.translate.decoded_sample"], "other"),
        (["threading"], "other"),
    ],
)
def test_the_stage_of_a_stack(modules: list[str], stage: str) -> None:
    assert stage_of(modules) == stage


def test_shares_of_stages_make_a_whole() -> None:
    shares = stages(lambda: time.sleep(0.05))
    assert list(shares) == ["other"] and sum(shares.values()) == pytest.approx(1)


def test_thai_words_are_distinct_and_hold_every_letter_alone() -> None:
    words = thai_words()
    assert len(set(words)) == len(words) == THAI_WORDS
    letters = {letter for word in words for letter in word}
    assert letters <= set(words)
    assert all("\u0e01" <= letter <= "\u0e39" or letter in "อฮฬห" for letter in letters)


def test_merges_are_rewritten_for_transformers_4(tmp_path: Path) -> None:
    hf = tmp_path / "transformers"
    hf.mkdir()
    (hf / "config.json").write_text("{}", encoding="utf-8")
    (hf / "tokenizer.json").write_text('{"model": {"merges": [["a", "b"], ["▁", "c"]]}}', encoding="utf-8")
    folder = readable_by_4(hf)
    assert (folder / "tokenizer.json").read_text(encoding="utf-8") == '{"model": {"merges": ["a b", "▁ c"]}}'
    assert (folder / "config.json").read_text(encoding="utf-8") == "{}"
    assert readable_by_4(hf) == folder


def test_gpu_settings_are_all_different_and_the_fastest_is_named() -> None:
    settings = plan()
    assert len({tuple(setting.items()) for setting in settings}) == len(settings)
    assert {setting["batch_tokens"] for setting in settings} == {4096, 8192, 16_384, 32_768}
    measured = [{**settings[0], "tokens_per_s": [10.0, 30.0]}, {**settings[1], "tokens_per_s": [20.0]}]
    assert fastest([*measured, {**settings[2], "error": "out of memory"}]) == (
        "beam 1: int8_float16, 4096 tokens a batch, 1 processes, 30 tokens/s"
    )
