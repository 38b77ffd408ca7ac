"""Roof: a simulated outside: virtual time, a telephone exchange, people, stories and days."""
