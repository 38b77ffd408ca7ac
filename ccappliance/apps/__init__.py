"""Floor 6: rooms where a call can be sent; they do not know each other."""
