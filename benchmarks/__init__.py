"""Measurements beside a peer in the same run; the ratio is the figure, for these machines are noisy."""
