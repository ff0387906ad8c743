"""The connection to a Ray cluster, and what its machines have.

Ray Core alone is used. Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .errors import EnvironmentProblem

_OBJECT_STORE = 80 * 2**20  # Ray's least: nothing but names and counts passes through it


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine of the cluster offers."""

    cpus: float
    gpus: float


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """The connection to a cluster; one that this process has already is used, and stays.

    ``address``: ``auto`` for the cluster that this machine belongs to, ``ray://HOST:PORT`` for a distant one, None to
    start one of this machine alone, which ends with the block. Raises EnvironmentProblem where Ray is not installed
    or nothing answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
    # Read when Ray is imported. Of an address where nothing answers it would ask for a quarter of an hour.
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")
    try:
        import ray
    except ImportError:
        raise EnvironmentProblem(
            "Ray is not installed: pip install 'mlt[ray]', or leave --executor ray out to run on this machine"
        ) from None
    if ray.is_initialized():
        yield
        return
    _connect(address)
    try:
        yield
    finally:
        ray.shutdown()


def machines() -> list[Machine]:
    """The machines of the cluster that can work."""
    import ray

    found = (node["Resources"] for node in ray.nodes() if node["Alive"])
    return [Machine(float(has["CPU"]), float(has.get("GPU", 0))) for has in found if has.get("CPU")]


def cpu_share(cores: int, machines: int, jobs: int | None) -> float:
    """CPUs that a job asks of Ray, so that ``jobs`` of them fit on machines of so many cores; None: one a machine.

    Whole ones, or a part of one where there are more jobs than cores.
    """
    share = cores / -(-(jobs or machines) // machines)
    return float(int(share)) if share >= 1 else share


def first_line(error: BaseException) -> str:
    """What an error of Ray says first, for Ray explains at length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _connect(address: str | None) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address is None:
            ray.init(address="local", include_dashboard=False, object_store_memory=_OBJECT_STORE, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        hint = "leave --address out for a cluster of this machine alone" if address else "see ray's logs in /tmp/ray"
        raise EnvironmentProblem(
            f"no Ray cluster at --address {address or 'none'}: {first_line(error)} ({hint})"
        ) from error
