"""One of several tasks that share a run between them: which shards it does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from .errors import UsageError


@dataclass(frozen=True, slots=True)
class Part:
    """The ``number``-th of ``count`` parts, the first being 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Part:
        """``3/64`` as a part; UsageError for anything else."""
        match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise UsageError(f"--shard {text}: expected a part and how many there are, such as 1/8 up to 8/8")
        return cls(int(match[1]), int(match[2]))

    @property
    def name(self) -> str:
        """``3-of-64``, fit for a file name."""
        return f"{self.number}-of-{self.count}"

    def holds(self, lang: str, index: int) -> bool:
        """Whether a shard of a language is this part's. Every shard is exactly one part's.

        It depends on nothing else, so that more languages or rows move no shard; languages begin at different parts,
        so that a run of few shards and many languages is spread, too.
        """
        return (index + crc32(lang.encode())) % self.count == self.number - 1


def chosen_part(executor: str, given: Mapping[str, Any], shard: str | None, *, force: bool) -> Part | None:
    """The part that ``--shard`` names, None for all; UsageError where options do not go together.

    ``given``: what else was said of a cluster, by the option's name without its dashes.
    """
    if executor not in ("local", "ray"):
        raise UsageError(f"--executor {executor}: expected local or ray")
    if executor == "local" and (lone := [name for name, value in given.items() if value is not None]):
        raise UsageError(f"--{lone[0]} {given[lone[0]]}: it belongs to --executor ray")
    if shard is None:
        return None
    if executor == "ray":
        raise UsageError(f"--shard {shard}: leave it out with --executor ray, which shares the work out itself")
    if force:
        raise UsageError(f"--force: leave it out with --shard {shard}; other tasks may be writing the same folder")
    return Part.parse(shard)
