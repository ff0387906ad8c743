"""A study: mixtures x models x tasks x budgets x seeds, planned, run, resumed, and read as findings.

This package stands above the stages: it reads recipes and ladders, and starts stages as subprocesses of the command
line. Nothing else in mlt imports it.
"""
