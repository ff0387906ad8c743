"""The card of the embedded sample: ``python -m mlt.data_cards.sample_card`` writes ``cards/sample.md`` anew."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ..toolkit.files import write_atomic
from ..toolkit.sources import open_source
from ..toolkit.store import RunStore
from ..toolkit.tasks import get_task

CARD = Path(__file__).with_name("cards") / "sample.md"


def sample_card() -> str:
    """The text of the card: the sample's English rows as a run, and what any card says of such a run."""
    from .bundle import open_bundle
    from .card import Declared, make_card
    from .evidence import read_evidence

    with TemporaryDirectory(prefix="mlt-sample-") as scratch:
        folder = Path(scratch) / "run"
        _write_run(folder)
        with open_bundle(folder) as bundle:
            return make_card(read_evidence(bundle), bundle, Declared(license="cc0-1.0"))


def _write_run(folder: Path) -> None:
    reader = open_source(None)
    records = [get_task(row.task).record(row.data or {}, row.source) for row in reader]
    with RunStore.open(folder, {"source": reader.describe()}) as store:
        store.write_shard("en", 0, records, [], {"in": len(records)})
        store.save_manifest(complete=True, licenses={"source": reader.license})


if __name__ == "__main__":
    write_atomic(CARD, sample_card().encode())
