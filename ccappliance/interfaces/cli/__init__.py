"""The command line, ccappliance <noun> <verb>."""
