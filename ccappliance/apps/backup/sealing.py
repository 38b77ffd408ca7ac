"""Keys in a backup: one member, encrypted under a passphrase (scrypt, RFC 7914; AES-256-GCM, SP 800-38D)."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ccappliance.apps.backup.archive import ArchiveError, check_name
from ccappliance.base.errors import Refused
from ccappliance.base.limits import MAX_BACKUP_KEYS

NAME = "sealed/keys"
SHORTEST = 10  # characters of a passphrase
_MAGIC = b"ccappliance keys 1\n"
_SALT, _NONCE = 16, 12
_COST = {"length": 32, "n": 2 ** 16, "r": 8, "p": 1}  # 64 MiB and a quarter of a second for each guess


def seal(keys: Mapping[str, bytes], passphrase: str, random_bytes: Callable[[int], bytes]) -> bytes:
    """These files as one encrypted member. Refused("weak_passphrase"), ("too_many_keys")."""
    if len(passphrase) < SHORTEST:
        raise Refused("weak_passphrase", f"the passphrase must have at least {SHORTEST} characters: who finds the file "
                                         "can try as many as he likes")
    plain = json.dumps({name: base64.b64encode(data).decode() for name, data in keys.items()}).encode(
        "utf-8", "surrogateescape")
    if len(plain) > MAX_BACKUP_KEYS:
        raise Refused("too_many_keys", f"the keys are {len(plain)} bytes, more than {MAX_BACKUP_KEYS}: is something "
                                       "else in a folder of keys?")
    salt, nonce = random_bytes(_SALT), random_bytes(_NONCE)
    return _MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, _MAGIC)


def unseal(data: bytes, passphrase: str) -> dict[str, bytes]:
    """Name → bytes. Refused("wrong_passphrase"); ArchiveError if what it hides is not ours."""
    at = len(_MAGIC)
    if data[:at] != _MAGIC or len(data) > 2 * MAX_BACKUP_KEYS:
        raise ArchiveError(f"{NAME} is sealed in a way this program does not know")
    salt, nonce, hidden = data[at:at + _SALT], data[at + _SALT:at + _SALT + _NONCE], data[at + _SALT + _NONCE:]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, hidden, _MAGIC)
    except InvalidTag as error:
        raise Refused("wrong_passphrase", "the keys in this backup are sealed under another passphrase; nothing was "
                                          "restored") from error
    try:
        return {check_name(name): base64.b64decode(text, validate=True)
                for name, text in json.loads(plain.decode("utf-8", "surrogateescape")).items()}
    except (ValueError, AttributeError, TypeError, binascii.Error) as error:
        raise ArchiveError(f"{NAME} cannot be understood ({error})") from error


def read_passphrase(path: Path) -> str:
    """The first line of a file. Refused("no_passphrase")."""
    try:
        with path.open(encoding="utf-8") as file:
            found = file.readline(4096).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise Refused("no_passphrase", f"the passphrase cannot be read from {path}: {why}") from error
    if not found:
        raise Refused("no_passphrase", f"the first line of {path} is empty: write the passphrase there")
    return found


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, **_COST).derive(passphrase.encode("utf-8", "surrogateescape"))
