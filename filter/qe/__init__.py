"""Quality estimation by COMET, in this process or in an interpreter of its own."""
