"""Which hosts may be reached: names looked up once, every address checked, and that very address connected to."""

import ipaddress
import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from data.problems import DataProblem

ALLOWED, DENIED, SHARED = "FAROL_ALLOWED_HOSTS", "FAROL_DENIED_HOSTS", "FAROL_SHARED"
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Use = Literal["database", "link"]
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")
_METADATA = tuple(
    ipaddress.ip_network(one)
    for one in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32", "0.0.0.0/8")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class HostRules:
    """What may be reached.

    Attributes:
        allowed: Host names, `*.suffixes`, addresses and networks; when there are any, nothing else may be reached.
        denied: The same, never to be reached.
        shared: Whether other people use this Farol: then this machine and, for links, the private network around
            it may be reached only when they are among `allowed`.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    shared: bool = False

    @classmethod
    def from_environment(cls, shared: bool = False) -> "HostRules":
        """The rules of FAROL_ALLOWED_HOSTS, FAROL_DENIED_HOSTS and FAROL_SHARED (comma-separated lists; 1 or 0)."""
        said = os.environ.get(SHARED, "").strip().lower()
        return cls(
            _entries(os.environ.get(ALLOWED, "")),
            _entries(os.environ.get(DENIED, "")),
            shared or said in ("1", "true", "yes", "on"),
        )

    def names(self, host: str) -> bool:
        """Whether a host is allowed by its own name or address."""
        return _matches(host, _address(host), self.allowed)


def checked_host(host: str) -> str:
    """A host name or address as it is stored, in lower case.

    Raises:
        DataProblem: it is no such thing (an address with a path, a socket, a list …).
    """
    given = host.strip().strip("[]").lower()
    if _address(given) is None and not _NAME.fullmatch(given):
        raise DataProblem(
            "host_bad", "A host is a name such as db.example.com, without user, password or path; the port is apart."
        )
    return given


def resolved(host: str, port: int, rules: HostRules, use: Use) -> str:
    """The one address to connect to: the name is looked up once, and every address it has must be allowed.

    Raises:
        DataProblem: the host is refused, or there is none of that name.
    """
    name = checked_host(host)
    if _matches(name, _address(name), rules.denied):
        raise _refused(host, "denied")
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DataProblem("host_unknown", "There is no host {host}. Check its name.", host=host) from None
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for shown in addresses:
        _check(name, _unwrapped(ipaddress.ip_address(shown)), rules, use)
    return addresses[0]


def _check(name: str, address: Address, rules: HostRules, use: Use) -> None:
    itself = _matches("", address, rules.allowed)
    if _matches("", address, rules.denied):
        raise _refused(name, "denied")
    dangerous = any(address in net for net in _METADATA if net.version == address.version)
    if (dangerous or address.is_unspecified or address.is_multicast or address.is_link_local) and not itself:
        raise _refused(name, "metadata")
    named = itself or _matches(name, None, rules.allowed)
    if rules.allowed and not named:
        raise _refused(name, "not_allowed")
    if rules.shared and address.is_loopback and not named:
        raise _refused(name, "loopback")
    if rules.shared and use == "link" and not address.is_global and not named:
        raise _refused(name, "private")


def _refused(host: str, why: str) -> DataProblem:
    reasons = {
        "denied": "it is on the list of refused hosts",
        "metadata": "such addresses belong to the machine's own network, not to data",
        "not_allowed": "it is not on the list of allowed hosts",
        "loopback": "it is this machine itself, and Farol is shared with others",
        "private": "it is in the private network, and Farol is shared with others",
    }
    return DataProblem(
        f"host_refused_{why}",
        "{host} may not be reached: {why}. Whoever runs Farol can allow it with FAROL_ALLOWED_HOSTS.",
        host=host,
        why=reasons[why],
    )


def _entries(given: str) -> tuple[str, ...]:
    return tuple(entry.strip().lower() for entry in given.replace(";", ",").split(",") if entry.strip())


def _address(host: str) -> Address | None:
    try:
        return _unwrapped(ipaddress.ip_address(host))
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one: the same machine by another spelling."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _matches(host: str, address: Address | None, entries: Iterable[str]) -> bool:
    for entry in entries:
        if entry.startswith("*."):
            if host.rstrip(".").endswith(entry[1:]):
                return True
            continue
        try:
            net = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            if host.rstrip(".") == entry.rstrip("."):
                return True
            continue
        if address is not None and net.version == address.version and address in net:
            return True
    return False
