"""The IVR: flows of nodes that talk with a caller."""
