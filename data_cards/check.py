"""Whether a card, and the manifests beside it, say what the data say: everything is counted again and compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..toolkit.errors import DataError
from ..toolkit.progress import NullProgress, Progress
from .compare import Mismatch, compare_cards
from .published import README

__all__ = ["Mismatch", "check_card"]


def check_card(folder: Path, progress: Progress | None = None) -> list[Mismatch]:
    """What does not hold of a folder's README.md, run.json, markers and mixture.json; empty where all of it does.

    The licence and the repository are taken from the card itself, for no data say them; what people have written
    outside of the generated blocks is not judged. Raises DataError where there is no card of ours, or the data are
    damaged.
    """
    from .bundle import open_bundle
    from .card import declared_in, make_card
    from .check_manifests import check_manifests
    from .evidence import read_evidence

    progress = progress or NullProgress()
    card = read_card(folder)
    with open_bundle(folder) as bundle:
        evidence = read_evidence(bundle, progress)
        expected = make_card(evidence, bundle, declared_in(card), previous=card)
        return compare_cards(card, expected) + check_manifests(bundle, evidence, progress)


def read_card(folder: Path) -> str:
    """A folder's card; DataError where it has none, or one that holds no generated block."""
    from .handwritten import blocks

    path = folder / README
    try:
        card = path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(f"{folder} has no {README}: make one with mlt card") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    found: Mapping[str, str] = blocks(card)
    if not found:
        raise DataError(f"{path} holds no block of mlt, so there is nothing to check: make a card with mlt card")
    return card
