"""Who is at the other end of a Unix socket, and may he come in: peer credentials, which the kernel vouches for."""

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass

_UCRED = struct.Struct("3i")  # pid, uid, gid (unix(7), SO_PEERCRED)


@dataclass(frozen=True, slots=True)
class Peer:
    """A process that connected."""

    pid: int
    uid: int
    gid: int

    @property
    def name(self) -> str:
        """The user's name, or its number if it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def peer_of(sock: socket.socket) -> Peer:
    """Who connected: as he was then, even if he has gone since."""
    return Peer(*_UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))


def group_number(name: str) -> int | None:
    """The number of a Unix group, None if there is none of that name."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def allowed(peer: Peer, daemon_uid: int, group: str) -> bool:
    """Root, the daemon's own user, and members of the group (if one is named) may come in."""
    if peer.uid in (0, daemon_uid):
        return True
    number = group_number(group) if group else None
    if number is None:
        return False
    if peer.gid == number:
        return True
    try:
        user = pwd.getpwuid(peer.uid)
    except KeyError:
        return False
    return number in os.getgrouplist(user.pw_name, user.pw_gid)
