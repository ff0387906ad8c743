"""``mlt recipes``, as the command line calls it."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from ..toolkit.tables import print_json, print_table, size_text
from .devices import Device, find_device
from .memory import Memory, estimate, shapes, trained_parameters
from .recipe import METHODS, Method, load_recipe, recipe_names
from .tiny_model import NAME as TINY

_PARTS = ("weights", "adapters", "gradients", "optimizer", "activations")


def run_recipes(as_json: bool) -> None:
    """The recipes of the package, with the memory that each takes against the device found."""
    device = find_device()
    found = [describe_recipe(name, device) for name in recipe_names()]
    if as_json:
        print_json({"device": asdict(device), "recipes": found})
        return
    print_table(["recipe", "method", *_PARTS, "total", "fits with"], map(_row, found), right=[*_PARTS, "total"])
    count = f"{device.count} x " if device.count > 1 else ""
    print(
        f"\ndevice: {count}{device.name}, {size_text(device.memory)}, {device.dtype}; sizes are those of one device, of"
    )
    print("micro_batch_size rows of max_length, at the peak; set the method with --set method=full|dora|qlora")
    if find_spec("bitsandbytes") is None:
        print("qlora needs the package bitsandbytes, which is not installed")


def describe_recipe(name: str, device: Device) -> dict[str, Any]:
    """A recipe of the package: its model, its own method, and per method the bytes it takes and whether they fit."""
    own = load_recipe(name)
    shape = shapes()[own.model]
    methods = {}
    for method in _methods(own.model):
        recipe = load_recipe(name, [f"method={method}"])
        memory = estimate(recipe, shape, device=device)
        methods[method] = {
            "trained": trained_parameters(recipe, shape),
            **_bytes(memory),
            "fits": memory.fits(device),
        }
    return {
        "name": name,
        "model": own.model,
        "parameters": shape.parameters,
        "method": own.method,
        "max_length": own.max_length,
        "micro_batch_size": own.micro_batch_size,
        "methods": methods,
    }


def _methods(model: str) -> tuple[Method, ...]:
    return tuple(method for method in METHODS if model != TINY or method != "qlora")


def _bytes(memory: Memory) -> dict[str, int]:
    return asdict(memory) | {"total": memory.total}


def _row(found: dict[str, Any]) -> list[str]:
    sizes = found["methods"][found["method"]]
    fits = [method for method, entry in found["methods"].items() if entry["fits"]]
    shown = [size_text(sizes[part]) for part in (*_PARTS, "total")]
    return [found["name"], found["method"], *shown, ", ".join(fits) or "none"]
