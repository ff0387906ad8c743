"""Calculator annotations of worked solutions: ``<<48/2=24>>``."""

from __future__ import annotations

from collections.abc import Iterator

from ...toolkit.tasks.math import annotation_problems
from ..check import HardCheck
from ..pairs import Pair

_OPENING = "<<"


class SumsCheck(HardCheck):
    """Every annotation of the source stands in the target as often, and no other does.

    A sum that is wrong in the source stays as it is; one that is new must not be there even if it holds, and the
    detail says whether it does. Sums outside of annotations are the check of numbers' job.
    """

    name = "sums"
    summary = "calculator annotations that are lost, new or wrong"

    def applies(self, pair: Pair) -> bool:
        """Whether either side has an annotation."""
        return any(_OPENING in segment.source or _OPENING in segment.target for segment in pair.segments)

    def problems(self, pair: Pair) -> Iterator[str]:
        """The annotations that are lost or new."""
        for segment in pair.segments:
            for problem in annotation_problems(segment.source, segment.target):
                yield problem.detail
