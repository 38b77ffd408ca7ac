"""Floor 6: a copy of what happens here for headquarters, in a PostgreSQL that many branches share."""
