"""Sources of data that flows look things up in: tables, databases, and services of others."""
