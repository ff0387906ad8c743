"""What the score columns of a language say: quantiles beside the bounds, and the models behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..toolkit import layout
from ..toolkit.errors import DataError
from .columns import parquet
from .evidence import Calibration, CheckScores, Judge

if TYPE_CHECKING:
    import numpy as np

    from .bundle import Bundle

QUANTILES = (0.05, 0.5, 0.95)
_NOT_SCORES = ("id", "details")
_IDENTITIES = b"mlt_columns"


@dataclass(frozen=True)
class Scores:
    """A language's columns, in their order. ``rows``: how many were judged."""

    rows: int
    checks: tuple[CheckScores, ...]
    language_id: Judge | None
    qe: Judge | None
    calibration: Calibration


def read_scores(bundle: Bundle, lang: str) -> Scores:
    """Reads a language's columns, one in memory at a time; none where the run was never filtered."""
    paths = [bundle.files[name] for i in bundle.shards[lang] if (name := layout.scores_file(lang, i)) in bundle.files]
    rows = 0
    identities: dict[str, dict[str, Any]] = {}
    for path in paths:
        with parquet(path) as file:
            rows += file.metadata.num_rows
            identities |= {name: {} for name in file.schema_arrow.names if name not in (*_NOT_SCORES, *identities)}
            identities |= _identities(path, file.schema_arrow.metadata)
    filtered = bundle.manifest.get("filter") or {}
    policy = (filtered.get("policy") or {}).get("checks") or {}
    checks = {
        name: _check(name, _values(paths, name), rows, _bounds(policy.get(name), lang), identity.get("uncovered"))
        for name, identity in identities.items()
    }
    judges = {
        name: _judge(checks[name], identities[name], kind, filtered.get("models") or [])
        for name, kind in (("language", "detector"), ("qe", "model"))
        if name in checks
    }
    return Scores(
        rows, tuple(checks.values()), judges.get("language"), judges.get("qe"), _calibration(judges.get("qe"))
    )


@dataclass(frozen=True)
class _Bounds:
    """How the policy reads a column in a language."""

    enabled: bool
    veto: bool
    min: float | None
    max: float | None


def _bounds(rule: Mapping[str, Any] | None, lang: str) -> _Bounds:
    if rule is None:
        return _Bounds(False, False, None, None)
    own = (rule.get("languages") or {}).get(lang, rule)
    veto = "min" not in rule and "max" not in rule
    return _Bounds(bool(rule.get("enabled", True)), veto, own.get("min"), own.get("max"))


def _check(name: str, values: np.ndarray[Any, Any], rows: int, bounds: _Bounds, uncovered: str | None) -> CheckScores:
    import numpy as np

    low = -np.inf if bounds.min is None else bounds.min
    high = (0.0 if bounds.veto else np.inf) if bounds.max is None else bounds.max
    return CheckScores(
        name=name,
        veto=bounds.veto,
        enabled=bounds.enabled,
        min=bounds.min,
        max=bounds.max,
        scored=len(values),
        abstained=rows - len(values),
        outside=int(np.count_nonzero((values < low) | (values > high))),
        quantiles=_quantiles(values),
        uncovered=uncovered,
    )


def _quantiles(values: np.ndarray[Any, Any]) -> tuple[float, float, float] | None:
    import numpy as np

    if not len(values):
        return None
    low, middle, high = (_rounded(float(value)) for value in np.quantile(values, QUANTILES))
    return low, middle, high


def _rounded(value: float) -> float:
    rounded = round(value, 3)
    return int(rounded) if rounded.is_integer() else rounded


def _values(paths: Sequence[Path], name: str) -> np.ndarray[Any, Any]:
    """A column's scores, without the rows that have none."""
    import numpy as np

    found = [np.array([], dtype=np.float64)]
    for path in paths:
        with parquet(path) as file:
            if name in file.schema_arrow.names:
                found.append(file.read([name]).column(name).drop_null().to_numpy())
    return np.concatenate(found)


def _judge(check: CheckScores, identity: Mapping[str, Any], kind: str, models: Sequence[Mapping[str, Any]]) -> Judge:
    name, revision = identity.get(kind), identity.get("revision")
    license = next((m.get("license") for m in models if (m["name"], m["revision"]) == (name, revision)), None)
    return Judge(name, revision, license, check.scored, check.abstained, check.uncovered)


def _calibration(qe: Judge | None) -> Calibration:
    if qe is None:
        return "not run"
    return "calibrated" if qe.uncovered is None else "uncalibrated"


def _identities(path: Path, metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """What decided each column, as the filter has written it beside them."""
    try:
        found = json.loads((metadata or {}).get(_IDENTITIES, b"{}"))
        if isinstance(found, dict) and all(isinstance(entry, dict) for entry in found.values()):
            return found
    except ValueError:
        pass
    raise DataError(f"{path} is damaged: it does not say what its columns are; run mlt filter again")
