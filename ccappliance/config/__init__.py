"""Floor 1: YAML read once into frozen, bounded, typed objects that know their file and line."""
