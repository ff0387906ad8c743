"""The benchmark: every figure is a ratio measured in one run. ``python -m bench`` writes results and a table."""
