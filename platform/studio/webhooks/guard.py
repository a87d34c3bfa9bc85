"""Sends bytes to an address that a person wrote, and to nowhere inside: the one guard against forged destinations.

- Only https, to addresses of the public internet; what else may be reached, an operator lists as networks.
- A name is resolved once. All its addresses must be permitted, and the connection goes to the very one that was judged,
  so a name that points elsewhere a moment later gains nothing. TLS is checked against the name.
- No redirect is followed, no proxy asked, no more than `MOST_BYTES` of an answer read, and it all ends by a deadline.

It knows no Django. Networks are those of RFC 6890 as Python's `ipaddress` knows them, and what wraps IPv4 in IPv6.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_BYTES = 2048
CONNECT_SECONDS = 5.0
DEADLINE_SECONDS = 15.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class GuardError(Exception):
    """A destination that is not permitted, or that did not answer; the message is for the person who wrote it."""

    permanent = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and the beginning of what came back."""

    status: int
    text: str


def networks(text: str) -> tuple[Network, ...]:
    """Comma-separated networks, as `10.1.0.0/16`. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def permitted(address: Address, *, inside: Iterable[Network]) -> bool:
    """Whether an address may be reached: a public one, or one in a network that was opened."""
    if any(address in network for network in inside):
        return True
    wrapped = _wrapped(address)
    if wrapped is not None:
        return permitted(wrapped, inside=inside)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def checked(url: str, *, inside: Sequence[Network]) -> SplitResult:
    """The parts of an address that could be delivered to, nothing of it resolved yet. Raises GuardError."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise GuardError(_("This is no address; write it as https://name/path.")) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and inside):
        raise GuardError(_("The address must begin with https://."))
    if not host or parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable():
        raise GuardError(_("Write the address as https://name/path, without a user name and without a #."))
    literal = _literal(host)
    if literal is not None and not permitted(literal, inside=inside):
        raise GuardError(
            _("%(host)s is an address inside a network, which may not be reached from here.") % {"host": host}
        )
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def resolved(host: str, port: int, *, inside: Sequence[Network]) -> list[str]:
    """The addresses to connect to, if every one that the name has is permitted. Raises GuardError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise GuardError(f"The name {host} cannot be resolved.") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not permitted(ipaddress.ip_address(address.partition("%")[0]), inside=inside):
            raise GuardError(f"{host} leads to {address}, inside a network, which may not be reached from here.")
    return list(dict.fromkeys(addresses))


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    inside: Sequence[Network],
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    deadline_s: float = DEADLINE_SECONDS,
) -> Answer:
    """POST to an address, by the rules above. Raises GuardError with what stood in the way."""
    parts = checked(url, inside=inside)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
    connection.default_port = 443 if secure else 80
    # A peer may send a byte now and then for ever; each of them would begin the timeout anew.
    watch = threading.Timer(deadline_s, lambda: _hang_up(connection))
    started = time.monotonic()
    try:
        connection.sock = _connected(resolved(host, port, inside=inside), port)
        watch.start()
        if secure:
            connection.sock = tls().wrap_socket(connection.sock, server_hostname=host)
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("POST", path, body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(MOST_BYTES).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = time.monotonic() - started >= deadline_s
        raise GuardError(f"No answer within {deadline_s:.0f} seconds." if late else _plain(error)) from error
    finally:
        watch.cancel()
        connection.close()


def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """A connection to the first of the judged addresses that takes one. Raises OSError as the last one did."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout=CONNECT_SECONDS)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _plain(error: Exception) -> str:
    """What a person can do something about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not accepted: {error.verify_message}."
    if isinstance(error, TimeoutError):
        return f"It did not answer within {CONNECT_SECONDS:.0f} seconds."
    if isinstance(error, ConnectionRefusedError):
        return "It refuses connections."
    return f"The connection failed ({type(error).__name__})."
