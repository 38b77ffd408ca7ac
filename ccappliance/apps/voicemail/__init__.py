"""Voicemail: mailboxes that take messages, tell their owners, and are heard by keypad."""
