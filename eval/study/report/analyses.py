"""All analyses of a study, and the sections of its report that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....toolkit.progress import Progress
from ..analysis.bilingual import Bilingual, bilingual
from ..analysis.coverage import Coverage, coverage
from ..analysis.distance import Distance, distance
from ..analysis.findings import find
from ..analysis.heatmaps import Heatmaps, heatmaps
from ..analysis.mixed import MixedModel, mixed_logit
from ..analysis.pairs import budgets
from ..analysis.regression import Regression, regressions
from ..analysis.tier_gains import TierGains, tier_gains
from ..analysis.verdicts import Finding
from ..analysis.zero_shot import ZeroShot, zero_shot
from .sections import Section

if TYPE_CHECKING:
    from ..analysis.long_table import StudyTable


@dataclass(frozen=True, slots=True)
class Analyses:
    """What every analysis found; those of a budget once for each budget that has finished runs."""

    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    tier_gains: tuple[TierGains, ...]
    bilingual: tuple[Bilingual, ...]
    heatmaps: tuple[Heatmaps, ...]
    zero_shot: tuple[ZeroShot, ...]
    distance: tuple[Distance, ...]
    regressions: tuple[Regression, ...]
    mixed: MixedModel


def analyse(table: StudyTable, progress: Progress) -> Analyses:
    """Runs every analysis. Those that find nothing to compute say why in their ``empty``."""
    named = budgets(table) or ("",)
    progress.message("fitting regressions")
    fitted, mixed = regressions(table), mixed_logit(table)
    progress.message("computing gains")
    gains = tuple(bilingual(table, budget=budget) for budget in named)
    left_out = tuple(zero_shot(table, budget=budget) for budget in named)
    progress.message("holding the findings against the data")
    return Analyses(
        findings=find(table, bilingual=gains[0], zero_shot=left_out[0]),
        coverage=tuple(coverage(table, budget=budget) for budget in named),
        tier_gains=tuple(tier_gains(table, budget=budget) for budget in named),
        bilingual=gains,
        heatmaps=tuple(heatmaps(table, budget=budget) for budget in named),
        zero_shot=left_out,
        distance=tuple(distance(table, budget=budget) for budget in named),
        regressions=fitted,
        mixed=mixed,
    )


def sections_of(found: Analyses, table: StudyTable, study: Mapping[str, Any]) -> list[Section]:
    """The report, in its order."""
    from .distance_section import distance_section
    from .findings_section import findings_section, regression_section
    from .gain_sections import bilingual_section, coverage_section, tier_section
    from .overview import failures, overview
    from .transfer_sections import heatmap_section, zero_shot_section

    return [
        overview(table, study),
        findings_section(found.findings),
        coverage_section(found.coverage),
        tier_section(found.tier_gains, table.pivot),
        bilingual_section(found.bilingual, table.pivot),
        heatmap_section(found.heatmaps, table.pivot),
        zero_shot_section(found.zero_shot),
        distance_section(found.distance, table.pivot),
        regression_section(found.regressions, found.mixed),
        failures(table),
    ]
