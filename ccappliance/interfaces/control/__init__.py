"""The control socket: the operations that every door offers."""
