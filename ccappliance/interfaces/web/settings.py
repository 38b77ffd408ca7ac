"""What a site can say about its web door."""

import ipaddress
from dataclasses import dataclass

from ccappliance.config.keys import Report, key


@dataclass(frozen=True, kw_only=True)
class WallboardSettings:
    """From where on figures of the wallboard are marked, by colour and by word."""

    waiting_warning: int = key(3, least=1, most=10_000, doc="Callers waiting in a queue: attention.", reload=False)
    waiting_alarm: int = key(8, least=1, most=10_000, doc="Callers waiting in a queue: alarm.", reload=False)
    wait_warning: float = key(30.0, unit="s", least=1, most=86_400, doc="Longest wait: attention.", reload=False)
    wait_alarm: float = key(60.0, unit="s", least=1, most=86_400, doc="Longest wait: alarm.", reload=False)
    level_warning: float = key(0.8, least=0, most=1, doc="Service level below this: attention.", reload=False)
    level_alarm: float = key(0.6, least=0, most=1, doc="Service level below this: alarm.", reload=False)

    def check(self, report: Report, path: str) -> None:
        for name, wrong in (("waiting", self.waiting_alarm < self.waiting_warning),
                            ("wait", self.wait_alarm < self.wait_warning),
                            ("level", self.level_alarm > self.level_warning)):
            if wrong:
                report.error(f"{path}.{name}_alarm", "the alarm would come before the attention",
                             f"compare it with {name}_warning")


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """The web door: console, REST and feed."""

    enabled: bool = key(True, doc="Open the web door.", reload=False)
    listen: str = key("127.0.0.1", doc="Address to listen at: 0.0.0.0 or :: is every one of the machine's. Until an "
                      "administrator has decided otherwise, only the machine itself is let in.", reload=False)
    port: int = key(8443, least=0, most=65535, doc="TCP port; 0: any that is free, which the log tells.", reload=False)
    tls: bool = key(True, doc="Speak TLS. Without it only the machine itself may be listened to: for a proxy on it.",
                    reload=False)
    certificate: str = key("", pattern=r"(/.+)?", doc="PEM file of your own certificate and its chain; empty: one is "
                           "made at the first start. It is read again when the file changes.", reload=False)
    private_key: str = key("", pattern=r"(/.+)?", doc="PEM file of its private key; empty: it is in `certificate`.",
                           reload=False)
    names: tuple[str, ...] = key((), doc="Names by which browsers reach the machine, besides its own name and its "
                                         "addresses. Requests for other names are refused.", reload=False)
    idle: float = key(3600.0, unit="s", least=60, most=86_400, doc="A session nobody uses ends after this long. An "
                                                                   "open console uses it.", reload=False)
    longest: float = key(43_200.0, unit="s", least=300, most=604_800, doc="A session ends after this long at the "
                                                                          "latest: a shift.", reload=False)
    rate: float = key(50.0, least=1, most=10_000, doc="Requests a second one address may send, on average.",
                      reload=False)
    connections: int = key(1_000, least=10, most=20_000, doc="Connections at once; one more is closed.", reload=False)
    connections_per_address: int = key(100, least=4, most=20_000, doc="Connections at once of one address: an office "
                                       "behind one address needs two for each desk.", reload=False)

    wallboard: WallboardSettings = key(factory=WallboardSettings, doc="Thresholds of the supervisors' wallboard.")

    @property
    def loopback(self) -> bool:
        """Is only the machine itself let in?"""
        return self.listen == "localhost" or ipaddress.ip_address(self.listen).is_loopback

    def check(self, report: Report, path: str) -> None:
        if self.listen != "localhost":
            try:
                ipaddress.ip_address(self.listen)
            except ValueError:
                report.error(f"{path}.listen", f"{self.listen!r} is no address", "write 0.0.0.0 for all addresses, or "
                             "one of the machine's, such as 192.168.1.10")
                return
        if not self.tls and not self.loopback:
            report.error(f"{path}.tls", "passwords would go over the network unencrypted",
                         "leave tls on, or listen at 127.0.0.1 only")
        if self.private_key and not self.certificate:
            report.error(f"{path}.private_key", "a key without a certificate is of no use", "name the certificate too")
