"""Seal append-only tables in batches, anchor the seals outside the database, verify all of it.

A stream is a table that only grows. A seal holds the Merkle root of one batch of its rows and the
hash of the seal before; a checkpoint of the newest seal is appended to a file outside the database,
signed with another key. The verifier recomputes everything and names the first bad row.
"""

import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction

from apps.audit import keys
from apps.audit.models import Seal
from apps.core.clock import now

BATCH_ROWS = 5_000
BATCHES_PER_RUN = 40
GENESIS = bytes(32)


class Stream(Protocol):
    name: str

    def leaves(self, after_id: int, upto_id: int, limit: int) -> Iterable[tuple[int, bytes]]:
        """`(id, bytes)` of each row with after_id < id <= upto_id, in id order."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written. `row` names it: `entry 42`, `seal 7`."""

    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.row}: {self.problem}"


def seal(stream: Stream, horizon: int) -> int:
    """Seal what lies between the newest seal and the horizon; how many rows were sealed."""
    sealed = 0
    for _ in range(BATCHES_PER_RUN):
        rows = _seal_batch(stream, horizon)
        sealed += rows
        if rows < BATCH_ROWS:
            break
    if sealed:
        anchor(stream)
    return sealed


@transaction.atomic
def _seal_batch(stream: Stream, horizon: int) -> int:
    with connection.cursor() as cursor:
        # Two sealers must not fork the chain: the second waits, then continues after the first.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('audit_seal'), hashtext(%s))", [stream.name]
        )
    newest = Seal.objects.filter(stream=stream.name).order_by("-number").first()
    after_id = newest.upto_id if newest else 0
    leaves = list(stream.leaves(after_id, horizon, BATCH_ROWS))
    if not leaves:
        return 0
    key_id = keys.current_key_id()
    fields: dict[str, Any] = {
        "stream": stream.name,
        "number": newest.number + 1 if newest else 1,
        "from_id": leaves[0][0],
        "upto_id": leaves[-1][0],
        "rows": len(leaves),
        "root": merkle_root([data for _, data in leaves]),
        "previous": _seal_hash(newest) if newest else GENESIS,
    }
    Seal.objects.create(
        **fields, key_id=key_id, mac=_mac("seal", key_id, _seal_bytes(fields)), sealed_at=now()
    )
    return len(leaves)


def anchor(stream: Stream, *, force: bool = False) -> None:
    """Append a signed checkpoint of the newest seal to the stream's file outside the database."""
    path = anchor_path(stream.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    at = now()
    if not force and path.exists():
        age = at.timestamp() - path.stat().st_mtime
        if age < settings.ANCHOR_SECONDS:
            return
    newest = Seal.objects.filter(stream=stream.name).order_by("-number").first()
    if newest is None:
        return
    key_id = keys.current_key_id()
    checkpoint = {
        "stream": stream.name,
        "number": newest.number,
        "upto_id": newest.upto_id,
        "seal": _seal_hash(newest).hex(),
        "at": at.isoformat(timespec="seconds"),
        "key_id": key_id,
    }
    checkpoint["mac"] = _mac("anchor", key_id, _json(checkpoint)).hex()
    with path.open("a", encoding="ascii") as file:
        file.write(json.dumps(checkpoint) + "\n")


def verify(stream: Stream) -> Iterator[Finding]:
    """Recompute seals, their chain and the checkpoints; yields what does not match, in order."""
    previous, after_id, number = GENESIS, 0, 0
    hashes: dict[int, bytes] = {}
    for found in Seal.objects.filter(stream=stream.name).order_by("number").iterator():
        number += 1
        name = f"{stream.name} seal {found.number}"
        if found.number != number:
            yield Finding(f"{stream.name} seal {number}", "is missing")
            number = found.number
        fields = {
            "stream": found.stream,
            "number": found.number,
            "from_id": found.from_id,
            "upto_id": found.upto_id,
            "rows": found.rows,
            "root": bytes(found.root),
            "previous": bytes(found.previous),
        }
        if not _is_signed("seal", found.key_id, _seal_bytes(fields), bytes(found.mac)):
            yield Finding(name, "its signature does not match its content")
        if bytes(found.previous) != previous:
            yield Finding(name, "does not continue the seal before it")
        # What a forger put into a seal may be anything, zero and less included.
        limit = max(found.rows, 0) + BATCH_ROWS
        leaves = list(stream.leaves(after_id, found.upto_id, limit))
        if len(leaves) != found.rows:
            yield Finding(
                name,
                f"covers {found.rows} rows, {len(leaves)} are there "
                f"(ids {found.from_id} to {found.upto_id})",
            )
        elif leaves and merkle_root([data for _, data in leaves]) != bytes(found.root):
            yield Finding(
                name, f"a row between {found.from_id} and {found.upto_id} is not as it was sealed"
            )
        previous, after_id = _seal_hash(found), found.upto_id
        hashes[found.number] = previous
    yield from _verify_anchors(stream, hashes)


def _verify_anchors(stream: Stream, hashes: dict[int, bytes]) -> Iterator[Finding]:
    path = anchor_path(stream.name)
    if not path.exists():
        if hashes:
            yield Finding(str(path.name), "the file of checkpoints is missing")
        return
    with path.open("rb") as file:
        for line_number, line in enumerate(file, start=1):
            name = f"checkpoint {path.name}:{line_number}"
            try:
                checkpoint = json.loads(line)
                mac = bytes.fromhex(checkpoint.pop("mac"))
                is_signed = _is_signed("anchor", checkpoint["key_id"], _json(checkpoint), mac)
            except (ValueError, KeyError, TypeError, AttributeError):
                yield Finding(name, "cannot be read")
                continue
            if not is_signed:
                yield Finding(name, "its signature does not match its content")
            elif checkpoint["number"] not in hashes:
                yield Finding(
                    f"{stream.name} seal {checkpoint['number']}",
                    "was anchored outside the database and is gone: the tail was cut",
                )
            elif hashes[checkpoint["number"]].hex() != checkpoint["seal"]:
                yield Finding(
                    f"{stream.name} seal {checkpoint['number']}",
                    "is not the seal that was anchored outside the database",
                )


def newest_checkpoints(streams: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The last line of each stream's file outside the database, for the pages that show it."""
    found = {}
    for name in streams:
        path = anchor_path(name)
        if not path.exists():
            continue
        lines = path.read_bytes().splitlines()[-1:]
        try:
            found[name] = json.loads(lines[0]) if lines else {}
        except ValueError:
            found[name] = {"at": "cannot be read"}
    return found


def anchor_path(stream_name: str) -> Path:
    return Path(settings.ANCHOR_DIR) / f"{connection.settings_dict['NAME']}-{stream_name}.jsonl"


def merkle_root(rows: list[bytes]) -> bytes:
    """Root of a Merkle tree with the leaf and node prefixes of RFC 6962; an odd node moves up."""
    level = [sha256(b"\x00" + row).digest() for row in rows]
    while len(level) > 1:
        pairs = [
            sha256(b"\x01" + level[at] + level[at + 1]).digest()
            for at in range(0, len(level) - 1, 2)
        ]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _seal_bytes(fields: dict[str, Any]) -> bytes:
    return _json(
        {key: value.hex() if isinstance(value, bytes) else value for key, value in fields.items()}
    )


def _seal_hash(found: Seal) -> bytes:
    return sha256(
        bytes(found.mac) + bytes(found.root) + bytes(found.previous) + str(found.number).encode()
    ).digest()


def _is_signed(purpose: str, key_id: int, message: bytes, mac: bytes) -> bool:
    """Whether we signed it; with a key we do not have we did not."""
    return key_id in settings.AUDIT_KEYS and hmac.compare_digest(
        _mac(purpose, key_id, message), mac
    )


def _mac(purpose: str, key_id: int, message: bytes) -> bytes:
    return hmac.digest(keys.derived(purpose, key_id), message, sha256)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
