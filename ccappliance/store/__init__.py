"""Floor 1: SQLite with one writer thread and numbered migrations."""
