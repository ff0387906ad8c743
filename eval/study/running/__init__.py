"""A plan carried out: stages, jobs, states, what carries them."""
