"""Floor 5: calls, legs, conversations, routing, the journal and its readers."""
