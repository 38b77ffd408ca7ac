"""Secrets that we hand out: drawn from the machine's own chance, shown once, kept as a hash."""

import base64
import hashlib
import hmac
from collections.abc import Callable

Draw = Callable[[int], bytes]  # that many bytes nobody can guess: os.urandom
BYTES = 32  # 256 bits: no need of a slow hash, nobody can try them all
CODE_BYTES = 10  # 80 bits for a code that people type, and that is throttled


def new_secret(draw: Draw) -> str:
    """43 characters of the URL-safe alphabet."""
    return base64.urlsafe_b64encode(draw(BYTES)).rstrip(b"=").decode()


def new_code(draw: Draw) -> str:
    """For people: four groups of four letters and digits."""
    text = base64.b32encode(draw(CODE_BYTES)).decode()
    return "-".join(text[at:at + 4] for at in range(0, 16, 4))


def plain_code(typed: str) -> str:
    """A code as it was meant: case, spaces and hyphens do not count; what looks like a letter is one (base 32 has no 0,
    1 and 8)."""
    kept = "".join(typed.upper().split()).replace("-", "")
    return kept.translate(str.maketrans("018", "OIB"))


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """In a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
