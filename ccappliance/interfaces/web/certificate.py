"""The certificate of the web door: made at the first start, or the site's own, read again when it changes."""

import hashlib
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ccappliance.base.errors import Refused
from ccappliance.interfaces.web.kept_file import write_whole

# Nobody renews the certificate of a box in a cupboard; browsers told by hand to trust one of ours take any length.
LIVES = timedelta(days=3_650)
EARLY = timedelta(days=1)  # valid since yesterday: a desk's clock may be behind ours
MAX_NAME = 64  # characters of a common name (X.520)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, in files."""

    path: Path
    key: Path

    def fingerprint(self) -> str:
        """SHA-256, as browsers show it. Refused("bad_certificate")."""
        found = self._read()
        digest = hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).hexdigest().upper()
        return ":".join(digest[at:at + 2] for at in range(0, len(digest), 2))

    def until(self) -> datetime:
        """The end of its life, UTC. Refused("bad_certificate")."""
        found = self._read()
        aware: datetime | None = getattr(found, "not_valid_after_utc", None)  # since cryptography 42
        return aware or found.not_valid_after.replace(tzinfo=UTC)

    def stamp(self) -> tuple[int, ...]:
        """Other than before: the files were changed. Refused("bad_certificate")."""
        try:
            return tuple(value for path in (self.path, self.key) for value in (path.stat().st_mtime_ns,
                                                                               path.stat().st_ino))
        except OSError as error:
            raise _bad(self.path, str(error)) from error

    def context(self) -> ssl.SSLContext:
        """For a server: TLS 1.2 at least. Refused("bad_certificate")."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        try:
            context.load_cert_chain(self.path, self.key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise _bad(self.path, str(error)) from error
        return context

    def _read(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(self.path.read_bytes())
        except (OSError, ValueError) as error:
            raise _bad(self.path, str(error)) from error


def own_names(more: Iterable[str] = ()) -> list[str]:
    """Names and addresses by which this machine is reached, as far as it knows them itself."""
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname(), *more]
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))  # sends nothing: the kernel only chooses the address it would send from
                names.append(str(probe.getsockname()[0]))
            except OSError:
                continue
    return list(dict.fromkeys(name.lower() for name in names if name))


def made(folder: Path, names: Iterable[str], now: datetime) -> Certificate:
    """The certificate in this folder; made, self-signed, if there is none. Refused("cannot_write"). Waits for the disk.
    """
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    if found.path.exists() and found.key.exists():
        return found
    key = ec.generate_private_key(ec.SECP256R1())
    listed = list(names)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (listed or ["ccappliance"])[0][:MAX_NAME])])
    certificate = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY).not_valid_after(now + LIVES)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in listed]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=False, key_encipherment=False,
                                     data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
                                     encipher_only=False, decipher_only=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256()))
    try:
        write_whole(found.key, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                 serialization.NoEncryption()))
        write_whole(found.path, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    except OSError as error:
        raise Refused("cannot_write", f"no certificate can be made in {folder}: {os.strerror(error.errno or 0)}") \
            from error
    return found


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name.partition("%")[0]))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode())


def _bad(path: Path, why: str) -> Refused:
    return Refused("bad_certificate", f"the certificate {path} or its key cannot be used: {why}; put PEM files there")
