"""The guard against forged destinations: what may be reached, and that what was judged is what is connected to."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from studio.webhooks import guard
from tests.studio.webhooks.conftest import Receiver

LOOPBACK = guard.networks("127.0.0.0/8")
INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


def test_only_the_public_internet_may_be_reached() -> None:
    for text in INSIDE:
        assert not guard.permitted(ipaddress.ip_address(text), inside=()), text
    for text in OUTSIDE:
        assert guard.permitted(ipaddress.ip_address(text), inside=()), text
    assert guard.permitted(ipaddress.ip_address("10.1.2.3"), inside=guard.networks("10.1.0.0/16, 10.3.0.0/16"))
    assert not guard.permitted(ipaddress.ip_address("10.2.2.3"), inside=guard.networks("10.1.0.0/16"))


@given(st.ip_addresses(v=4, network="10.0.0.0/8"), st.sampled_from(["64:ff9b::", "::ffff:0:0"]))
def test_no_wrapping_hides_an_address(address: ipaddress.IPv4Address, wrap: str) -> None:
    wrapped = ipaddress.IPv6Address(int(ipaddress.ip_address(wrap)) | int(address))
    assert not guard.permitted(wrapped, inside=())


def test_an_address_must_be_a_plain_one() -> None:
    for wrong in (
        "http://example.org/", "ftp://example.org/", "https://", "https:///path", "https://user@example.org/",
        "https://user:pass@example.org/", "https://example.org/#part", "https://127.0.0.1/", "https://[::1]/",
        "https://example.org:99999/", "https://[half", "javascript:alert(1)", "https://exa mple.org/\r\nX: y", "",
        "https://169.254.169.254/latest/meta-data", "https://bücher.example/",
    ):  # fmt: skip
        with pytest.raises(guard.GuardError):
            guard.checked(wrong, inside=())
    assert guard.checked("https://example.org:8443/a?b=c", inside=()).port == 8443
    assert guard.checked("http://127.0.0.1/", inside=LOOPBACK).hostname == "127.0.0.1"


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name service that gives one answer after another, and the names it was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(guard.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_one_forbidden_address_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["8.8.8.8", "192.168.0.7"])
    with pytest.raises(guard.GuardError, match=r"leads to 192\.168\.0\.7"):
        guard.post("https://two.example/", b"{}", {}, inside=())


def test_a_name_is_resolved_once_and_the_judged_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    reached: list[tuple[str, int]] = []

    def create_connection(address: tuple[str, int], timeout: float) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(guard.socket, "create_connection", create_connection)
    with pytest.raises(guard.GuardError, match="refuses connections"):
        guard.post("https://rebinding.example/", b"{}", {}, inside=())
    assert (asked, reached) == (["rebinding.example"], [("8.8.8.8", 443)])


def test_it_is_sent_and_an_answer_is_read_up_to_a_limit(receiver: Receiver) -> None:
    receiver.status, receiver.text = 418, b"x" * 100_000
    answer = guard.post(receiver.address, b"{}", {"X-Name": "value"}, inside=LOOPBACK)
    assert (answer.status, len(answer.text)) == (418, guard.MOST_BYTES)
    headers, body = receiver.came[0]
    assert (headers["x-name"], headers["host"], body) == ("value", receiver.address.split("/")[2], b"{}")


def test_a_redirect_leads_nowhere(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": receiver.address}
    assert guard.post(receiver.address, b"{}", {}, inside=LOOPBACK).status == 302
    assert len(receiver.came) == 1


def test_nobody_is_waited_for_beyond_the_deadline(receiver: Receiver) -> None:
    receiver.silent = threading.Event()
    began = time.monotonic()
    with pytest.raises(guard.GuardError, match="No answer within"):
        guard.post(receiver.address, b"{}", {}, inside=LOOPBACK, deadline_s=0.2)
    assert time.monotonic() - began < 3


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for hooks.example with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "both.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_tls_is_checked_against_the_name(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def serve() -> None:
        for _ in range(3):
            taken, _ = server.accept()
            try:
                with context.wrap_socket(taken, server_side=True) as peer:
                    came = b""
                    while b"\r\n\r\n{}" not in came:
                        came += peer.recv(4096)
                    peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    trusting: Callable[[], ssl.SSLContext] = lambda: ssl.create_default_context(cafile=str(certificate))  # noqa: E731
    assert guard.post(f"https://hooks.example:{port}/", b"{}", {}, inside=LOOPBACK, tls=trusting).status == 204
    with pytest.raises(guard.GuardError, match="certificate is not accepted"):
        guard.post(f"https://other.example:{port}/", b"{}", {}, inside=LOOPBACK, tls=trusting)
    with pytest.raises(guard.GuardError, match="certificate is not accepted"):
        guard.post(f"https://hooks.example:{port}/", b"{}", {}, inside=LOOPBACK)
    thread.join()
    server.close()
