"""Malware: the test file is always known; everything else is asked of clamd where it is set up."""

import socket
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from apps.kyc.errors import ScannerAway, UnsafeFile

log = structlog.get_logger()

# Put together here, so that a scanner does not take this file for it.
TEST_FILE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CHUNK = 64 * 1024
ANSWER_BYTES_MAX = 4096


def scan(content: bytes) -> None:
    """Raises UnsafeFile for malware, ScannerAway when clamd is set up and does not answer."""
    if TEST_FILE in content:
        raise UnsafeFile("This file cannot be taken.")
    if not settings.CLAMD_ADDRESS:
        return
    try:
        said = _ask(content)
    except OSError as error:
        log.error("kyc.scanner_away", error=str(error))
        raise ScannerAway from error
    if said.endswith("OK"):
        return
    log.warning("kyc.malware", said=said)
    if said.endswith("FOUND"):
        raise UnsafeFile("This file cannot be taken.")
    raise ScannerAway


def _ask(content: bytes) -> str:
    """clamd's INSTREAM: chunks with their length, ended by an empty one. Source: clamd(8)."""
    with _connected() as line:
        line.settimeout(settings.CLAMD_SECONDS)
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            chunk = content[start : start + CHUNK]
            line.sendall(len(chunk).to_bytes(4, "big") + chunk)
        line.sendall(b"\0\0\0\0")
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < ANSWER_BYTES_MAX:
            part = line.recv(1024)
            if not part:
                break
            answer += part
    return answer.rstrip(b"\0").decode("ascii", "replace").strip()


def _connected() -> socket.socket:
    """`tcp://host:port` or `unix:///path`."""
    address = urlsplit(settings.CLAMD_ADDRESS)
    if address.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(settings.CLAMD_SECONDS)
        line.connect(address.path)
        return line
    return socket.create_connection(
        (address.hostname or "", address.port or 3310), timeout=settings.CLAMD_SECONDS
    )
