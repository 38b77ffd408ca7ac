"""ccappliance: a call centre in a box for DAHDI telephony cards."""

VERSION = "0.1.0"
