"""One filtered run by many processes: workers of a Ray cluster, or the tasks of an array."""
