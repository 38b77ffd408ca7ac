"""Conferences: rooms with a number in which several calls hear each other."""
