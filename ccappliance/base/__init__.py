"""Floor 0: clocks, units, limits, errors, causes, state machines, ids and numbers; knows nobody."""
