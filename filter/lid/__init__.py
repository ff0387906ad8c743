"""Language identification: detectors, and which of them may judge which language."""
