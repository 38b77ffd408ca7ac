"""Floor 4: every kind of line turned into one vocabulary of signals."""
