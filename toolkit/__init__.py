"""What every stage shares: records, sources, languages, the store, checks, and the command line's front door."""
