"""Everything has a limit, and the limits are here. Each says what happens when it is reached."""

MACHINE_HISTORY = 16  # moves kept per state machine for crash reports; older ones fall off
MAX_PORTS = 1024  # DAHDI knows at most 1,024 channels; one more is a configuration error
MAX_BRIDGE_PORTS = 8  # parties that hear each other; one more is Refused("bridge_full")
MAX_CALLS = 2_000  # calls alive at once; one more is cleared with cause 42 before it is answered
MAX_DIGITS_QUEUED = 64  # digits nobody has collected yet (F22); further ones are dropped and counted
MAX_COLLECT = 64  # digits one collect may ask for
MAX_FLOW_STEPS = 1_000  # nodes one call may enter in one flow: ends the call with an apology, never spins
MAX_FLOW_DEPTH = 16  # destinations one call may be sent through after another without waiting
MAX_QUEUE_LEN = 10_000  # entries of one queue, whatever `max_len` says (F64)
MAX_PROMPT_SECONDS = 600.0  # a longer prompt file is refused when the configuration is checked (F57)
MAX_PROMPT_MEMORY = 512 * 1024 * 1024  # bytes of prompts held in memory
MAX_DIALLED = 32  # digits of a dialled number (E.164 has 15; carrier codes and extensions add some)
MAX_CONTROL_LINE = 1024 * 1024  # bytes of one request or answer on the control socket
MAX_CONTROL_CLIENTS = 64  # one more is told "too_many_clients" and closed
MAX_JOURNAL_BACKLOG = 5_000  # entries a slow follower may be behind; then it is told and dropped (F68)
TAPE_SECONDS = 10.0  # ring between the tick and the writer thread, per recorded call (F29)
