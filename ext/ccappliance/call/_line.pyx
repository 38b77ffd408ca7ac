"""A fact as a line of JSON: the names of a kind are written once, its values piece by piece.

The same text as json.dumps makes of `Entry.as_dict`, which tests/call/test_journal.py proves with any values; a busy day
has half a million lines, and a JSON encoder's call for one number costs more than ten of its digits.
"""

from json import JSONEncoder
from json.encoder import encode_basestring as quote  # what the encoder itself uses for a text

cdef object encode = JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
DIGITS = 6  # of a float: a microsecond; more would let two machines' last bits into the digest


cdef class Form:
    """How a kind is written. `line` raises TypeError or ValueError for what JSON cannot have."""

    cdef str kind
    cdef tuple names
    cdef tuple keys

    def __init__(self, str kind, names):
        self.kind = kind
        self.names = tuple(names)
        self.keys = tuple([f',"{name}":' for name in self.names])

    def line(self, fact, seq, str stamp, str now):
        """The line without its line feed. `stamp`: UTC as the journal has it; `now`: as `number` writes it."""
        cdef list parts = ['{"seq":', str(seq), ',"at":"', stamp, '","now":', now, ',"fact":"', self.kind, '"']
        cdef Py_ssize_t at
        for at in range(len(self.names)):
            parts.append(self.keys[at])
            parts.append(written(getattr(fact, self.names[at])))
        parts.append("}")
        # A lone surrogate (undecodable caller ID) becomes \udcXX, which is JSON's own way to write it.
        return "".join(parts).encode("utf-8", "backslashreplace")


cpdef str number(double value):
    """A float to DIGITS. ValueError for what is none."""
    if value - value != 0.0:
        raise ValueError(f"JSON has no {value}")
    return repr(round(value, DIGITS))


cdef str written(value):
    """What is of none of these very types is written by the encoder."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is float:
        return number(value)
    if kind is int:
        return repr(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is dict:
        return mapping(value)
    if kind is list or kind is tuple:
        return "[" + ",".join([written(inner) for inner in value]) + "]"
    return encode(rounded(value))


cdef str mapping(dict values):
    for key in values:
        if type(key) is not str:
            return encode(rounded(values))
    return "{" + ",".join([quote(key) + ":" + written(inner) for key, inner in values.items()]) + "}"


def rounded(value):
    """A value as the journal has it: floats to DIGITS wherever they are."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(inner) for inner in value]
    return value
