"""The other side of ``bench/comet_worker.py``: comet's own ``predict``, in a process of COMET's interpreter.

``python comet_predict.py CHECKPOINT BATCH_SIZE`` reads pairs from the first line of stdin, then for each further line
predicts them all and prints the seconds that took and the scores, as JSON.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time


def main() -> None:
    """Answers on what was stdout; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from comet import load_from_checkpoint  # type: ignore[import-not-found, unused-ignore]

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    model = load_from_checkpoint(sys.argv[1])
    samples = [{"src": source, "mt": target} for source, target in json.loads(sys.stdin.readline())]
    for _ in sys.stdin:
        started = time.perf_counter()
        output = model.predict(samples, batch_size=int(sys.argv[2]), gpus=0, progress_bar=False)
        took = time.perf_counter() - started
        answers.write(json.dumps({"seconds": took, "scores": output["scores"]}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
