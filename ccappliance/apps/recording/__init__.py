"""Recording: tapes of the engine written to disk by one writer thread."""
