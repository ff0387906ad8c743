"""The ladder: how a unit whose first translation fails a check is tried again, rung by rung, before it is given up.

``direct`` (spans sent as they are), ``n-best`` (a larger beam, the first hypothesis that holds), ``penalty`` (for
hypotheses that run away), ``placeholder`` (the form that the model brings through best, then the next one with a
larger beam), ``split`` (the text around the spans, piece by piece), and at last a refusal with its reason. Rungs cost
fluency: the share of units on each is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..toolkit.languages import Language
from .calibrate import Calibration
from .decode import Decoder, Plans
from .engine import Decoding, Hypothesis
from .placeholders import Shown, parts, show_as, show_as_is, with_numbers
from .units import Unit
from .verify import NUMBER_REASONS, RUNAWAY_REASONS, Accepted, Refused, judge

Rung = Literal["direct", "n-best", "penalty", "placeholder", "split"]
RUNGS: tuple[Rung, ...] = ("direct", "n-best", "penalty", "placeholder", "split")
LARGE_BEAM = 8
MILD_PENALTY = 1.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a unit.

    ``text`` is what is published (spans restored), or the first attempt where ``refused`` says why nothing is;
    ``surface`` is the same with spans as an engine would read them.
    """

    text: str
    surface: str
    rung: Rung | None
    flags: tuple[str, ...] = ()
    refused: Refused | None = None


@dataclass
class _Case:
    """A unit on its way up: what was refused so far."""

    unit: Unit
    refusals: list[Refused] = field(default_factory=list)

    def saw(self, reasons: frozenset[str]) -> bool:
        return any(refusal.reason in reasons for refusal in self.refusals)


@dataclass
class Ladder:
    """Translates units into one language and checks what comes back.

    ``calibration`` is asked for only if some unit needs it. ``climb`` False stops after the first rung: a measure of
    the engine, not a way to make data.
    """

    decoder: Decoder
    target: Language
    decoding: Decoding
    calibration: Callable[[], Calibration]
    plans: Plans
    climb: bool = True
    advance: Callable[[int], None] = lambda n: None
    step_prefix: str = ""

    def run(self, units: Iterable[Unit]) -> dict[Unit, Outcome]:
        """The outcome of each distinct unit."""
        cases = {unit: _Case(unit) for unit in units}
        outcomes: dict[Unit, Outcome] = {}
        for step, rung, show, decoding in self._steps(cases):
            todo = [(case, shown) for unit, case in cases.items() if unit not in outcomes and (shown := show(case))]
            for case, outcome in self._attempt(todo, step, rung, decoding):
                outcomes[case.unit] = outcome
                self.advance(1)
        for cut in (lambda unit: unit, with_numbers) if self.climb else ():
            left = {unit: cut(unit) for unit in cases if unit not in outcomes}
            for unit, outcome in self._split({unit: cut_up for unit, cut_up in left.items() if cut_up.spans}):
                outcomes[unit] = outcome
                self.advance(1)
        for unit, case in cases.items():
            if unit not in outcomes:
                outcomes[unit] = _given_up(case)
                self.advance(1)
        return outcomes

    def _steps(self, cases: dict[Unit, _Case]) -> Iterator[tuple[str, Rung, Callable[[_Case], Shown | None], Decoding]]:
        """(step, rung, how a case is shown or None where the step is not for it, decoding), in order."""
        large = replace(self.decoding, beam_size=max(LARGE_BEAM, self.decoding.beam_size), n_best=self._n_best)
        direct_first = not self.climb or not any(unit.spans for unit in cases) or self.calibration().direct_first

        def direct(case: _Case) -> Shown | None:
            return show_as_is(case.unit) if direct_first or not case.unit.spans else None

        def again(case: _Case) -> Shown | None:
            return direct(case) if case.refusals else None

        def runaway(case: _Case) -> Shown | None:
            return direct(case) if case.saw(RUNAWAY_REASONS) else None

        yield "direct", "direct", direct, self.decoding
        if not self.climb:
            return
        if self._n_best > 1:
            yield "n-best", "n-best", again, large
        yield "penalty", "penalty", runaway, replace(self.decoding, repetition_penalty=MILD_PENALTY)
        yield "placeholder", "placeholder", lambda case: self._with_form(case, 0), self.decoding
        yield "placeholder-2", "placeholder", lambda case: self._with_form(case, 1), large

    def _with_form(self, case: _Case, choice: int) -> Shown | None:
        """The case with placeholders in the best form that fits (0) or the next (1), numbers too if they failed."""
        unit = with_numbers(case.unit) if choice or case.saw(NUMBER_REASONS) else case.unit
        if not unit.spans:
            return None
        fitting = (shown for form in self.calibration().order if (shown := show_as(unit, form)))
        options = [shown for shown, _ in zip(fitting, range(choice + 1), strict=False)]
        return options[-1] if options else None

    def _attempt(
        self, todo: Sequence[tuple[_Case, Shown]], step: str, rung: Rung, decoding: Decoding
    ) -> Iterator[tuple[_Case, Outcome]]:
        """Decode and judge; refusals are noted in the cases."""
        waiting: dict[str, list[tuple[_Case, Shown]]] = {}
        for case, shown in todo:
            waiting.setdefault(shown.text, []).append((case, shown))
        for text, hypotheses in self.decoder.decode(waiting, decoding, plans=self.plans, step=self.step_prefix + step):
            for case, shown in waiting[text]:
                outcome = self._first_that_holds(case, shown, hypotheses, rung)
                if outcome is not None:
                    yield case, outcome

    def _first_that_holds(
        self, case: _Case, shown: Shown, hypotheses: Sequence[Hypothesis], rung: Rung
    ) -> Outcome | None:
        for rank, hypothesis in enumerate(hypotheses):
            verdict = self._judge(shown, hypothesis)
            if isinstance(verdict, Accepted):
                flags = ["copied"] if verdict.copied else []
                flags += [f"form {shown.form.name}"] if shown.form else []
                flags += [f"hypothesis {rank + 1}"] if rank else []
                if rank and rung == "direct":
                    rung = "n-best"
                return Outcome(verdict.text, verdict.surface, rung, tuple(flags))
            if rank == 0:
                case.refusals.append(verdict)
        return None

    def _judge(self, shown: Shown, hypothesis: Hypothesis) -> Accepted | Refused:
        return judge(shown, hypothesis, self.target, translates=self.decoder.engine.translates)

    def _split(self, cut: Mapping[Unit, Unit]) -> Iterator[tuple[Unit, Outcome]]:
        """Units cut at their spans, their pieces translated alone. ``cut``: unit -> itself with all its cuts."""
        pieces = {piece.text for unit in cut.values() for _, piece, _ in parts(unit) if piece}
        verdicts = {
            text: self._judge(Shown(Unit(text), text, ()), hypotheses[0])
            for text, hypotheses in self.decoder.decode(
                sorted(pieces), self.decoding, plans=self.plans, step=f"{self.step_prefix}split"
            )
        }
        for unit, cut_up in cut.items():
            texts: list[str] = []
            for before, piece, behind in parts(cut_up):
                verdict = verdicts[piece.text] if piece else None
                if isinstance(verdict, Refused):
                    break
                texts.append(before + (verdict.text if verdict else "") + behind)
            else:
                restored = _weave(texts, [span.restore for span in cut_up.spans])
                surface = _weave(texts, [span.expect for span in cut_up.spans])
                yield unit, Outcome(restored, surface, "split")

    @property
    def _n_best(self) -> int:
        return min(LARGE_BEAM, self.decoder.engine.max_n_best)


def _weave(gaps: Sequence[str], faces: Sequence[str]) -> str:
    return "".join(part for pair in zip(gaps, [*faces, ""], strict=True) for part in pair)


def _given_up(case: _Case) -> Outcome:
    refusal = case.refusals[0] if case.refusals else Refused("span-lost", "no way to show its spans", "")
    return Outcome(refusal.text, refusal.text, None, (), refusal)
