"""The embedded sample: ``math.jsonl`` and ``api.jsonl``, CC0; see README.md."""
