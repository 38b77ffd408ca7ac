"""What AMI can be told: where it listens, who may log in, and what each may see and ask."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from ccappliance.config.keys import Report, key

PRIVILEGES = ("system", "call", "log", "agent", "user", "config", "command", "dtmf", "reporting", "cdr", "dialplan",
              "originate", "security")
EVERYTHING = "all"
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, kw_only=True)
class AmiUser:
    """One user of AMI. MD5 login needs the secret itself, not a hash of it: keep it in a file of its own."""

    secret: str = key("", secret=True, pattern=r"[!-~]{0,128}", doc="What it logs in with; plain or as MD5 challenge.")
    secret_file: str = key("", pattern=r"(/.+)?", doc="A file whose first line is the secret, in place of `secret`.")
    read: tuple[str, ...] = key(("system", "call", "agent", "user", "dtmf", "reporting", "cdr"),
                                doc="Kinds of events it is told: system, call, log, agent, user, config, command, "
                                    "dtmf, reporting, cdr, dialplan, originate, security, or all.")
    write: tuple[str, ...] = key(("call", "agent", "user", "reporting"),
                                 doc="Kinds of actions it may ask for, as `read`; originate lets it make calls.")
    acl: tuple[str, ...] = key(LOOPBACK, doc="Networks it may come from.")
    command_format: str = key("modern", choices=("modern", "legacy"),
                              doc="How Command is answered: `Output:` for each line, or `Response: Follows` (pyst2).")
    chan_variables: bool = key(False, doc="Whether events have `ChanVariable:` lines, which pyst2 can't read.")

    def may(self, granted: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
        """Is one of the wanted privileges granted? Nothing wanted: everybody may."""
        return not wanted or EVERYTHING in granted or any(one in granted for one in wanted)

    def comes_from(self, address: str) -> bool:
        """Is this address of one of its networks?"""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in ipaddress.ip_network(network, strict=False) for network in self.acl)

    def check(self, report: Report, path: str) -> None:
        if bool(self.secret) is bool(self.secret_file):
            report.error(path, "it needs a secret", "write secret: or secret_file:, one of them")
        for name, granted in (("read", self.read), ("write", self.write)):
            for one in granted:
                if one not in (EVERYTHING, *PRIVILEGES):
                    report.error(f"{path}.{name}", f"there is no privilege {one!r}",
                                 f"known: {', '.join(PRIVILEGES)}, all")
        for network in self.acl:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                report.error(f"{path}.acl", f"{network!r} is no network", "write one such as 192.168.1.0/24")


@dataclass(frozen=True, kw_only=True)
class AmiSettings:
    """AMI, for clients made for Asterisk's manager."""

    enabled: bool = key(False, doc="Whether it listens.", reload=False)
    listen: str = key("127.0.0.1", pattern=r"[0-9A-Fa-f:.]+", doc="Address it listens on.", reload=False)
    port: int = key(5038, least=0, most=65535, doc="Port it listens on; 0: any that is free.", reload=False)
    certificate: str = key("", pattern=r"(/.+)?", doc="PEM file of a certificate with its chain: TLS instead of plain "
                                                      "text.", reload=False)
    private_key: str = key("", pattern=r"(/.+)?", doc="PEM file of its key; empty: in the same file.", reload=False)
    greeting: str = key("Asterisk Call Manager/5.0.5", pattern=r"[^:/\x00-\x1f]+/[^:/\x00-\x1f]+", reload=False,
                        doc="First line a client is told; some look for the version in it.")
    users: Mapping[str, AmiUser] = key(factory=dict, doc="Users by the name they log in with.")

    def check(self, report: Report, path: str) -> None:
        if self.enabled and not self.users:
            report.error(f"{path}.users", "nobody could log in", "name a user, or write enabled: false")
        if self.private_key and not self.certificate:
            report.error(f"{path}.certificate", "a key without a certificate", "name the certificate as well")
        try:
            far = not ipaddress.ip_address(self.listen).is_loopback
        except ValueError:
            report.error(f"{path}.listen", f"{self.listen!r} is no address", "write one such as 127.0.0.1 or 0.0.0.0")
            return
        if self.enabled and far and not self.certificate:
            report.warning(f"{path}.listen", "secrets and calls can be read on the way", "name a certificate, for TLS")
