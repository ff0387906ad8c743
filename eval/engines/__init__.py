"""The backends: transformers' own ``generate``, vLLM, and any server that speaks OpenAI's API."""
