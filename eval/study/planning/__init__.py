"""From a study file to a plan: specs, addresses, what it costs."""
