"""The program files as they were released: a signed list of hashes, and the comparison with it.

The private key is where releases are built and nowhere else (`manage.py sign_release`); whoever can
change files here cannot sign a new list. Here stands the public half, `RELEASE_PUBLIC_KEY`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from apps.audit.sealing import Finding
from apps.core.clock import now

# What runs: code, pages, what browsers get, and the packages it was built with.
PROGRAM = ("apps", "casino", "templates", "static", "manage.py", "requirements.txt")
IGNORED_FOLDERS = {"__pycache__"}
IGNORED_ENDINGS = {".pyc"}
FIRST_LINE = b"casino release manifest 1\n"


@dataclass(frozen=True)
class Checked:
    files: int
    findings: list[Finding]


def is_configured() -> bool:
    """A house without a release key runs from a checkout; nothing can be compared."""
    return bool(settings.RELEASE_PUBLIC_KEY)


def manifest(root: Path, *, version: str) -> dict[str, Any]:
    """Every program file with its SHA-256."""
    return {
        "version": version,
        "made_at": now().isoformat(timespec="seconds"),
        "files": {name: _hash(root / name) for name in sorted(_names(root))},
    }


def sign(content: dict[str, Any], private_key: bytes) -> dict[str, Any]:
    """The manifest with its Ed25519 signature. private_key: 32 bytes."""
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(_bytes(content))
    return {**content, "signature": signature.hex()}


def public_key_of(private_key: bytes) -> str:
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw().hex()


def verify(root: Path | None = None) -> Checked:
    """Compare what is here with what was released; names every file that differs."""
    root = root or settings.BASE_DIR
    path = Path(settings.RELEASE_MANIFEST)
    try:
        content = json.loads(path.read_bytes())
        signature = bytes.fromhex(content.pop("signature"))
        released: dict[str, str] = content["files"]
    except FileNotFoundError:
        return Checked(0, [Finding(path.name, "the release manifest is missing")])
    except (ValueError, KeyError, TypeError, AttributeError):
        return Checked(0, [Finding(path.name, "the release manifest cannot be read")])
    if not _is_signed(content, signature):
        return Checked(0, [Finding(path.name, "its signature is not of the release key")])
    return Checked(len(released), list(_compare(root, released)))


def _compare(root: Path, released: dict[str, str]) -> Iterator[Finding]:
    here = set(_names(root))
    for name in sorted(here | set(released)):
        if name not in here:
            yield Finding(name, "was released and is gone")
        elif name not in released:
            yield Finding(name, "was not released")
        elif _hash(root / name) != released[name]:
            yield Finding(name, "is not as it was released")


def _names(root: Path) -> Iterator[str]:
    for top in PROGRAM:
        start = root / top
        found = [start] if start.is_file() else start.rglob("*")
        for path in found:
            if path.suffix in IGNORED_ENDINGS or IGNORED_FOLDERS & set(path.parts):
                continue
            if path.is_file():
                yield path.relative_to(root).as_posix()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _is_signed(content: dict[str, Any], signature: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(settings.RELEASE_PUBLIC_KEY))
        key.verify(signature, _bytes(content))
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(content: dict[str, Any]) -> bytes:
    return FIRST_LINE + json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
