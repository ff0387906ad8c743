"""The language of an answer, judged on its words alone."""

import json
from pathlib import Path

import pytest

from mlt.eval.fidelity import Fidelity, FidelityJudge, without_symbols
from mlt.toolkit.errors import UsageError

ANSWERS = {
    "en": "Roger started with 5 balls.\n2 cans of 3 tennis balls each is 6 balls.\n5 + 6 = 11\nThe answer is 11.",
    "es": "Roger comenzó con 5 bolas.\n2 latas de 3 bolas de tenis cada una son 6.\n5 + 6 = 11\nLa respuesta es 11.",
    "sw": "Roger alianza kwa mipira 5.\nMikebe 2 yenye mipira 3 ya tenisi kila mmoja ni 6.\n5 + 6 = 11\nJibu ni 11.",
    "ja": "ロジャーは最初に5個のボールがありました。\n3個入りの缶2つで6個です。\n5 + 6 = 11\n答えは11です。",
    "bn": "রজারের প্রথমে 5টি বল ছিল।\n2টি ক্যানে 3টি করে টেনিস বল মানে 6টি।\n5 + 6 = 11\nউত্তর হল 11।",
    "th": "โรเจอร์เริ่มต้นด้วยลูกบอล 5 ลูก\nกระป๋อง 2 ใบ ใบละ 3 ลูก เป็น 6 ลูก\n5 + 6 = 11\nคำตอบคือ 11",
    "te": "రోజర్ వద్ద మొదట 5 బంతులు ఉన్నాయి.\n3 బంతుల 2 డబ్బాలు అంటే 6 బంతులు.\n5 + 6 = 11\nసమాధానం 11.",
    "zh-Hans": "罗杰一开始有5个球。\n2罐网球，每罐3个，一共6个网球。\n5 + 6 = 11\n答案是11。",
}


@pytest.fixture(scope="module")
def judge() -> FidelityJudge:
    return FidelityJudge()


@pytest.mark.parametrize("lang", ANSWERS)
def test_answer_is_in_the_language_that_it_is_in_and_in_no_other(judge: FidelityJudge, lang: str) -> None:
    for asked in ANSWERS:
        found = judge.judge(ANSWERS[lang], asked)
        assert found == Fidelity(True, lang, asked == lang, 4, 1)


NOTHING_TO_JUDGE = {
    "nothing": ("", 0, 0),
    "blank lines": ("\n \n", 0, 0),
    "a number": ("11", 1, 1),
    "mathematics": ("5 + 6 = 11\n$x^2 + y^2 = z^2$\n\\boxed{11}\n<<48/2=24>>", 4, 4),
    "a word": ("Jibu: 11", 1, 0),
    "code": ("```python\nprint('The answer to the question is eleven')\n```", 3, 3),
    "a call": ("API-Request: [AddAgenda(content='Meeting with John tomorrow morning', time='9:00')]", 1, 0),
    "a call in tags": (
        '<tool_call>\n{"name": "Search", "arguments": {"keyword": "the weather of tomorrow"}}\n</tool_call>',
        3,
        3,
    ),
    "an address": ("https://example.org/the-answer-to-the-question/is-eleven", 1, 1),
}


@pytest.mark.parametrize(("output", "lines", "skipped"), NOTHING_TO_JUDGE.values(), ids=NOTHING_TO_JUDGE)
def test_what_holds_no_words_is_skipped_and_never_right(
    judge: FidelityJudge, output: str, lines: int, skipped: int
) -> None:
    assert judge.judge(output, "sw") == Fidelity(False, None, None, lines, skipped)


def test_english_mathematics_and_calls_do_not_outweigh_the_words(judge: FidelityJudge) -> None:
    output = (
        f"{ANSWERS['sw']}\n\\text{{cost per item of the total}} = 5\n[Calculator(formula='five plus the six of them')]"
    )
    assert judge.judge(output, "sw").match is True


def test_thoughts_are_no_part_of_the_answer(judge: FidelityJudge) -> None:
    assert judge.judge(f"<think>{ANSWERS['en']}</think>\n{ANSWERS['sw']}", "sw") == Fidelity(True, "sw", True, 4, 1)
    assert judge.judge(f"<think>{ANSWERS['sw']}", "sw") == Fidelity(False, None, None, 0, 0)


def test_english_answer_with_a_native_last_line_is_not_in_the_language(judge: FidelityJudge) -> None:
    output = ANSWERS["en"].replace("The answer is 11.", "Jibu ni 11.")
    assert judge.judge(output, "sw") == Fidelity(True, "en", False, 4, 1)


def test_language_that_no_detector_knows_is_not_judged(judge: FidelityJudge) -> None:
    assert judge.judge(ANSWERS["en"], "bm") == Fidelity(False, None, None, 4, 1)
    assert judge.identity("bm") is None


def test_identity_names_the_detector_and_its_revision(judge: FidelityJudge) -> None:
    found = judge.identity("sw")
    assert found is not None and found["name"] == "py3langid" and found["revision"]


def test_unknown_detector_and_language_are_refused(judge: FidelityJudge) -> None:
    with pytest.raises(UsageError, match="unknown language"):
        judge.judge("text", "xx-nowhere")
    with pytest.raises(UsageError, match="--lid"):
        FidelityJudge("no such thing")


def test_words_alone_are_left() -> None:
    assert without_symbols("Jibu ni 5+6 = 11.\n48/2 = <<48/2=24>>24 klipu").split() == ["Jibu", "ni", ".", "klipu"]


def test_human_texts_are_in_their_language_and_in_no_other(judge: FidelityJudge, data_dir: Path) -> None:
    wrong, count = [], 0
    for lang in ("en", "es", "ja", "sw", "th"):
        text = (data_dir / "mgsm" / f"{lang}.exemplars.jsonl").read_text(encoding="utf-8")
        for line in text.splitlines():
            answer = json.loads(line)["answer"]
            for asked in ANSWERS:
                count += 1
                found = judge.judge(answer, asked)
                if found.match is not (lang == asked):
                    wrong.append((lang, asked, found))
    assert wrong == [] and count >= 300
