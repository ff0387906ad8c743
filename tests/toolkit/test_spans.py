"""Spans are found on the original text, with the right surface and the right text to put back."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlt.toolkit import spans
from mlt.toolkit.spans import find_spans
from mlt.toolkit.tasks.base import Protected

CASES = [
    # text, (kind, surface, restore) of each span
    ("sold 48/2 = <<48/2=24>>24 clips", [("arithmetic", "48/2 = 24", "48/2 = <<48/2=24>>24")]),
    ("earns 12/60 = $<<12/60=0.2>>0.2 each", [("arithmetic", "12/60 = $0.2", "12/60 = $<<12/60=0.2>>0.2")]),
    (
        "($5 + $3) * 2 = $<<(5+3)*2=16>>16.",
        [("arithmetic", "($5 + $3) * 2 = $16", "($5 + $3) * 2 = $<<(5+3)*2=16>>16")],
    ),
    ("it had 2 * 2S = <<2*2=4>>4S people", [("arithmetic", "2 * 2S = 4S", "2 * 2S = <<2*2=4>>4S")]),
    ("4 boxes * 2 = <<4*2=8>>8 pens", [("arithmetic", "2 = 8", "2 = <<4*2=8>>8")]),
    ("5x3 and 4 x 6", [("arithmetic", "5x3", "5x3"), ("arithmetic", "4 x 6", "4 x 6")]),
    ("a total of <<1+1=2>> in words", [("arithmetic", "", "<<1+1=2>>")]),
    (
        r"so \boxed{5\frac{1}{2}} and $x^2$",
        [
            (
                "latex",
                r"\boxed{5\frac{1}{2}}",
            )
            * 1
            + (r"\boxed{5\frac{1}{2}}",),
            ("latex", "$x^2$", "$x^2$"),
        ],
    ),
    ("costs $5 and $10 or $7", []),
    ("see https://a.b/c?d=1.", [("url", "https://a.b/c?d=1", "https://a.b/c?d=1")]),
    ("write to ann@x.org now", [("email", "ann@x.org", "ann@x.org")]),
    ("run `pip install` first", [("code", "`pip install`", "`pip install`")]),
    (
        "Dear {name}, {{time}} %s",
        [
            ("placeholder", "{name}", "{name}"),
            ("placeholder", "{{time}}", "{{time}}"),
            ("placeholder", "%s", "%s"),
        ],
    ),
    (
        "at 2023-10-26 09:00:00 or 10:30",
        [("datetime", "2023-10-26 09:00:00", "2023-10-26 09:00:00"), ("datetime", "10:30", "10:30")],
    ),
    (
        "call GetUserToken with user_id a9s8d7",
        [
            ("identifier", "GetUserToken", "GetUserToken"),
            ("identifier", "user_id", "user_id"),
            ("identifier", "a9s8d7", "a9s8d7"),
        ],
    ),
    ("I saw a 10th TV, T-shirt and a 3-page letter", []),
    ("<b>bold</b> 5 < 6", [("tag", "<b>", "<b>"), ("tag", "</b>", "</b>")]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[case[0][:30] for case in CASES])
def test_spans_of_a_text(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(s.kind, s.surface, s.restore) for s in find_spans(text)] == expected


def test_values_are_found_as_words_of_their_own() -> None:
    text = "Meet John Smith, John and Johnson at 5.5, 5,000 or 5."
    values = [Protected("John", "John"), Protected("John Smith", "John Smith"), Protected("5", "5")]
    assert [text[s.start : s.end] for s in find_spans(text, values)] == ["John Smith", "John", "5"]


def test_a_value_with_a_rendering_is_expected_and_restored_as_rendered() -> None:
    (span,) = find_spans("Add Team lunch please.", [Protected("Team lunch", "Chakula cha timu")])
    assert (span.surface, span.expect, span.restore) == ("Team lunch", "Chakula cha timu", "Chakula cha timu")


def test_a_value_inside_a_longer_span_becomes_part_of_it() -> None:
    (span,) = find_spans("Mail to ann@x.org", [Protected("ann", "ann")])
    assert span.surface == "ann@x.org"


def test_a_rendered_value_keeps_its_bounds_against_patterns() -> None:
    spans = find_spans("note_for me", [Protected("note_for", "kumbuka")])
    assert [(s.surface, s.restore) for s in spans] == [("note_for", "kumbuka")]


@given(st.text(alphabet="ab 1234567890+-*/=<>$.,(){}_@`\\x\n", max_size=80))
def test_spans_never_overlap_and_give_their_text_back(text: str) -> None:
    spans = find_spans(text, [Protected("12", "12"), Protected("ab", "ab")])
    position = 0
    for span in spans:
        assert position <= span.start < span.end <= len(text)
        assert span.restore == text[span.start : span.end]
        position = span.end


def test_every_annotation_of_gsm8k_is_inside_a_span_with_its_number(data_dir) -> None:  # type: ignore[no-untyped-def]
    lines = (data_dir / "gsm8k" / "train_first1000.jsonl").read_text().splitlines()
    for answer in (json.loads(line)["answer"] for line in lines):
        spans = find_spans(answer)
        assert "<<" not in "".join(span.surface for span in spans)
        assert answer.count("<<") == sum(span.restore.count("<<") for span in spans)
        assert all(span.surface for span in spans)


_ODD = st.text(alphabet="ab XxT09.,-–+$%()'_@#/<>= é٣:w\\{}`", max_size=24)


@given(_ODD)
def test_no_quick_look_hides_a_span(text: str) -> None:
    for kind, pattern in spans._COMPILED.items():
        if not spans._MAY_HOLD[kind].search(text):
            assert not any(match.end() > match.start() for match in pattern.finditer(text)), kind


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{align} x &= 1 \\ y &= \frac{1}{2} \end{align}",
        r"\begin{align*} A = \begin{pmatrix} 1 & 2 \end{pmatrix} \end{align*}",
        r"\frac{\sqrt{\frac{a}{b}}}{2}",
    ],
)
def test_nested_latex_is_one_span(text: str) -> None:
    (span,) = find_spans(f"Solve {text} now.")
    assert (span.kind, span.restore) == ("latex", text)


@pytest.mark.parametrize(
    "piece", ["(", "1", "1,", "1.", "<<", "\\a{", "$a ", "aB", "a-", "{{", "`a", "\\begin{a}", "1+", "x ", "/a", "<a "]
)
def test_text_of_nothing_but_openings_takes_no_time(piece: str) -> None:
    started = time.process_time()
    find_spans(piece * 5000 + " 1+1 \\a_b")
    assert time.process_time() - started < 3
