"""AMI: Asterisk's manager interface, for the clients people have."""
