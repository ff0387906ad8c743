"""The long table of a study and what is estimated from it."""
