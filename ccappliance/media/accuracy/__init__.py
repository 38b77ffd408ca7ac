"""How well the ears hear: measured from seeds on the kernels of calls, drawn, told, and held to a baseline."""
