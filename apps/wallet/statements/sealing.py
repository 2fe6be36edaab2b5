"""The last line of a statement's file, and what an uploaded file is worth.

`Signature,<number>,<SHA-256 of all bytes above>,<key>,<Ed25519 signature>`; in a PDF it is a comment
after the end. What is signed names the kind of file, the number and the digest.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import BinaryIO

from apps.audit import signatures

TAIL_BYTES = 1_024
READ_BYTES = 65_536
LAST_LINE = re.compile(
    rb"(%?)Signature,(st_[a-z0-9]{1,29}),([0-9a-f]{64}),([0-9]{1,5}),([0-9a-f]{128})\r?\n?",
    re.ASCII,
)
HEX_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileKind(StrEnum):
    CSV = "statement"
    PDF = "statement-pdf"


class Verdict(StrEnum):
    GENUINE = "genuine"
    CHANGED = "changed"
    FORGED = "forged"
    NOT_SIGNED = "not_signed"
    UNKNOWN = "unknown"


WORDS = {
    Verdict.GENUINE: "Genuine: issued by us and not changed since.",
    Verdict.CHANGED: "Changed: this is not what was signed.",
    Verdict.FORGED: "Not ours: the signature is wrong.",
    Verdict.NOT_SIGNED: "This is not one of our statements, or its last line is missing.",
    Verdict.UNKNOWN: "We have issued no statement with this number and digest.",
}


@dataclass(frozen=True, slots=True)
class Seal:
    """What a last line says."""

    kind: FileKind
    number: str
    digest: str
    key_id: int
    signature: bytes

    @property
    def is_ours(self) -> bool:
        message = message_of(self.kind, self.number, self.digest)
        return signatures.verify(message, key_id=self.key_id, signature=self.signature)

    @property
    def line(self) -> bytes:
        mark, end = ("%", "\n") if self.kind == FileKind.PDF else ("", "\r\n")
        parts = ("Signature", self.number, self.digest, str(self.key_id), self.signature.hex())
        return f"{mark}{','.join(parts)}{end}".encode()


def seal(kind: FileKind, number: str, digest: str) -> Seal:
    key_id, signature = signatures.sign(message_of(kind, number, digest))
    return Seal(kind, number, digest, key_id, signature)


def message_of(kind: FileKind, number: str, digest: str) -> bytes:
    """What is signed: `statement`, its number and its digest, a line each."""
    return f"{kind}\n{number}\n{digest}\n".encode()


def examine(file: BinaryIO) -> tuple[Verdict, Seal | None]:
    """Whether a file is as it was signed, from the file and our public keys alone."""
    size = file.seek(0, 2)
    start = max(size - TAIL_BYTES, 0)
    file.seek(start)
    tail = file.read(TAIL_BYTES)
    above = tail.rstrip(b"\r\n").rfind(b"\n") + 1
    found = LAST_LINE.fullmatch(tail[above:])
    if found is None:
        return Verdict.NOT_SIGNED, None
    seal = Seal(
        kind=FileKind.PDF if found[1] else FileKind.CSV,
        number=found[2].decode(),
        digest=found[3].decode(),
        key_id=int(found[4]),
        signature=bytes.fromhex(found[5].decode()),
    )
    if not seal.is_ours:
        return Verdict.FORGED, seal
    if digest_of(file, start + above) != seal.digest:
        return Verdict.CHANGED, seal
    return Verdict.GENUINE, seal


def digest_of(file: BinaryIO, length: int) -> str:
    """SHA-256 of the first bytes of a file."""
    file.seek(0)
    digest = sha256()
    while length > 0 and (piece := file.read(min(READ_BYTES, length))):
        digest.update(piece)
        length -= len(piece)
    return digest.hexdigest()
