"""Progress: nothing for short work, plain lines on a pipe, bars on a terminal, nothing on stdout."""

import io
import threading

import pytest

from mlt.toolkit.progress import BarProgress, LineProgress, NullProgress, open_progress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines_at(clock: Clock, instants: list[float]) -> list[float]:
    """The instants (seconds after the start) at which a line came, when asked at the given ones."""
    stream = io.StringIO()
    progress = LineProgress(stream, clock)
    progress.start("sw", 100)
    printed, origin = [], clock.now
    for instant in instants:
        clock.now = origin + instant
        before = stream.tell()
        progress.tick()
        if stream.tell() > before:
            printed.append(instant)
    return printed


def test_no_line_before_two_seconds_then_one_every_ten(clock: Clock) -> None:
    assert lines_at(clock, [0, 1, 1.9, 2, 3, 11.9, 12, 13, 22.5, 30, 33]) == [2, 12, 22.5, 33]


@pytest.mark.parametrize(
    ("total", "done", "expected"),
    [
        (4000, 1200, "sw 1,200 of 4,000, 120/s, 0:23 left"),
        (None, 1200, "sw 1,200, 120/s"),
        (4000, 0, "sw 0 of 4,000"),
        (40_000_000, 10, "sw 10 of 40,000,000, 1/s, 11111:06:30 left"),
        (10, 10, "sw 10 of 10, 1/s"),
    ],
)
def test_line_says_amount_rate_and_time_left(clock: Clock, total: int | None, done: int, expected: str) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, clock)
    progress.start("sw", total)
    progress.advance("sw", done)
    clock.now += 10
    progress.tick()
    assert stream.getvalue() == expected + "\n"


def test_line_names_every_open_language_and_what_is_being_done(clock: Clock) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, clock)
    for lang in ("sw", "yo", "th"):
        progress.start(lang, 5)
    progress.finish("yo")
    progress.message("loading the model")
    clock.now += 2
    progress.tick()
    assert stream.getvalue() == "sw 0 of 5; th 0 of 5; loading the model\n"


def test_starting_a_language_again_corrects_its_total_and_keeps_its_count(clock: Clock) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, clock)
    progress.start("sw", None)
    progress.advance("sw", 3)
    progress.start("sw", 6)
    clock.now += 3
    progress.tick()
    assert stream.getvalue() == "sw 3 of 6, 1/s, 0:03 left\n"


def test_short_work_prints_nothing_but_its_notes() -> None:
    stream = io.StringIO()
    with LineProgress(stream) as progress:
        progress.start("sw", 10)
        progress.note("zh: taken as zh-Hans")
        progress.advance("sw", 10)
        progress.finish("sw")
    assert stream.getvalue() == "zh: taken as zh-Hans\n"


def test_counts_of_many_threads_add_up(clock: Clock) -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, clock)
    progress.start("sw", None)
    threads = [threading.Thread(target=lambda: [progress.advance("sw", 1) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.now += 4
    progress.tick()
    assert stream.getvalue().startswith("sw 4,000,")


def test_terminal_gets_a_bar_for_each_language_and_text_is_not_markup() -> None:
    stream = Terminal()
    with open_progress(stream) as progress:
        assert isinstance(progress, BarProgress)
        progress.start("sw", 10)
        progress.start("yo", None)
        progress.message("loading [bold]m[/bold]")
        progress.message("")
        progress.advance("sw", 4)
        progress.start("sw", 12)
        progress.note("[red]kept[/red]")
        progress.finish("sw")
        progress.finish("yo")
    shown = stream.getvalue()
    assert "sw" in shown and "yo" in shown
    assert "[red]kept[/red]" in shown


def test_a_pipe_gets_lines() -> None:
    assert isinstance(open_progress(io.StringIO()), LineProgress)


def test_null_progress_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with NullProgress() as progress:
        progress.start("sw", 1)
        progress.advance("sw", 1)
        progress.message("x")
        progress.note("y")
        progress.finish("sw")
    assert capsys.readouterr() == ("", "")
