"""Floor 3: the wire: what a telephony card is to us, and the simulated one."""
