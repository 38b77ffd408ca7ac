"""Floor 7: doors and windows: the command line and the control socket."""
