"""Makes ``length_factors.tsv`` from NTREX-128: ``python -m mlt.filter.build_length_factors FOLDER > TABLE``.

FOLDER holds ``eng.*.txt`` and one ``<code>.*.txt`` a language, line by line, and ``nllb_codes.tsv`` that maps the codes
of NTREX to those of NLLB. Only statistics are written, no text.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from ..toolkit.languages import resolve
from .length_factors import estimate_factors

_HEAD = (
    "# Mean and spread of log(target size / source size) of human translations; see length_factors.py.",
    "# Statistics of NTREX-128 (Federmann et al. 2022, github.com/MicrosoftTranslator/NTREX), CC BY-SA 4.0.",
    "code\tlog_ratio\tspread\tpairs",
)


def table(folder: Path) -> Iterator[str]:
    """The lines of the table, a language a line in the order of codes."""
    with (folder / "nllb_codes.tsv").open(encoding="utf-8") as file:
        codes = {row[0]: row[1] for row in csv.reader(file, delimiter="\t") if len(row) > 1 and row[1]}
    english = _lines(next(folder.glob("eng.*.txt")))
    rows = []
    for path in folder.glob("*.txt"):
        name = path.name.split(".")[0]
        if name == "eng" or name not in codes:
            continue
        language = resolve(codes[name]).language
        pairs = list(zip(english, _lines(path), strict=True))
        factors = estimate_factors(pairs, language)
        if factors is not None:
            rows.append(f"{language.code}\t{factors.log_ratio:.4f}\t{factors.spread:.4f}\t{len(pairs)}")
    yield from _HEAD
    yield from sorted(rows)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


if __name__ == "__main__":
    print("\n".join(table(Path(sys.argv[1]))))
