"""Floor 1: what a daemon needs of its machine: systemd, logging, supervised tasks."""
