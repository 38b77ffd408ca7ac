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
MAX_CONFIG_FILE = 256 * 1024  # bytes of one YAML file; a larger one is a configuration error
MAX_CONFIG_FILES = 500  # files of one configuration, flows included; more is a configuration error
MAX_CONFIG_DEPTH = 32  # levels of YAML inside each other, aliases followed; deeper is a configuration error
MAX_CONFIG_NODES = 100_000  # values of one YAML file, aliases followed ("a billion laughs"); more is an error
MAX_CONFIG_FINDINGS = 100  # findings told at once; the last one says how many more there are
MAX_CONTROL_REQUESTS = 16  # requests of one control client under way at once; one more is told "too_many_requests"
MAX_JOURNAL_UNWRITTEN = 100_000  # entries held in memory while the journal's disk fails; further ones are only told
MAX_JOURNAL_TAIL = 2_000  # newest entries kept in memory for `journal tail`; older ones are read from disk
MAX_STORE_SPOOL = 100_000  # rows waiting for a locked database; then rows wait in the journal until the next start
MAX_LOG_QUEUE = 10_000  # log records waiting for the log thread; further ones are dropped and counted
