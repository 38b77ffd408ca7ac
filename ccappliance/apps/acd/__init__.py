"""The ACD: queues, agents and the one dispatcher between them."""
