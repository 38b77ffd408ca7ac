"""The web door: REST, the feed, the console's files, and who may come in."""
