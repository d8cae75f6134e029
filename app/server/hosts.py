"""Which names of this server a browser may use, and which pages may speak to it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EVERYWHERE = ("", "0.0.0.0", "::")
"""Addresses of a server that listens on all of the machine's."""


@dataclass(frozen=True)
class Hosts:
    """The names under which this server answers.

    A page of another site can reach a server on localhost through a name of its own that resolves
    to 127.0.0.1 (DNS rebinding); what it cannot choose is the name in the request.
    """

    names: frozenset[str]
    by_address: bool = False
    """True where any address is a name too: such a request came over no foreign name."""

    @staticmethod
    def of(address: str | None, named: Sequence[str] = ()) -> Hosts:
        """Return the names of a server that listens on this address, and the further ones."""
        listens = (address or "").strip().strip("[]").lower()
        further = {name.strip().lower().rstrip(".") for name in named}
        if listens in LOOPBACK:
            return Hosts(LOOPBACK | further)
        own = {socket.gethostname().lower()} if listens in EVERYWHERE else {listens}
        return Hosts(LOOPBACK | own | further, by_address=True)

    def allow(self, hosts: Sequence[str], origins: Sequence[str]) -> bool:
        """Return True where a request with these Host and Origin headers is let in.

        It must come to one of the names, and from a page of this server or from no page.
        """
        if len(hosts) != 1 or not self._knows(hosts[0]):
            return False
        return all(_place(origin) == hosts[0].lower() for origin in origins)

    def _knows(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, _ = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return False
        plain = name != "" and not any((parts.path, parts.query, parts.fragment, parts.username))
        return plain and (name in self.names or (self.by_address and _is_address(name)))


def _place(origin: str) -> str:
    """Return the host and port of an origin, "" where it has none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
