"""Floor 6: backups of the whole box in one file, made while calls go on, and their return on this box or another."""
