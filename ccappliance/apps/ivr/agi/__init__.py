"""AGI: scripts that talk with callers, as Asterisk's Gateway Interface lets them."""
