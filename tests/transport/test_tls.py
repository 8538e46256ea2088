"""Connections over TLS: to whom they are trusted, and to nobody else."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dynarepo._transport import AttemptError, DirectTransport
from dynarepo.exceptions import ConnectionFailedError
from tests.transport.rigs import StaticCredentials

REPLY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\nx-amzn-requestid: R\r\n"
    b'content-length: 7\r\n\r\n{"n":1}'
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate of 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


@asynccontextmanager
async def connected(certificate: Path, trusted: Path | None) -> AsyncIterator[DirectTransport]:
    """Give a transport to a server with this certificate, trusting one, or the system's."""
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n{}")
                writer.write(REPLY)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=served)
    context = None if trusted is None else ssl.create_default_context(cafile=str(trusted))
    transport = DirectTransport(
        f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        "eu-west-1",
        StaticCredentials(),
        max_connections=1,
        connect_timeout=30,
        ssl_context=context,
    )
    try:
        async with server:
            yield transport
            await transport.close()
    finally:
        await transport.close()


async def test_requests_are_sent_to_whom_is_trusted(certificate: Path) -> None:
    async with connected(certificate, certificate) as transport:
        for _ in range(3):
            assert await transport.send("GetItem", {}, timeout=30) == {"n": 1}


async def test_nothing_is_sent_to_anybody_else(certificate: Path) -> None:
    async with connected(certificate, None) as transport:
        with pytest.raises(AttemptError) as raised:
            await transport.send("PutItem", {}, timeout=30)
    assert type(raised.value.error) is ConnectionFailedError
    assert "certificate" in raised.value.error.message
    assert not raised.value.may_have_acted
