"""What each kind of node does with a call."""
