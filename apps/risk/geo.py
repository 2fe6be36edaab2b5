"""Which country an address is in, and whether its network hides where somebody is.

Out of the box from the delegations of the five internet registries, which the package `iptocc`
brings along: offline, both kinds of address, no key. It tells to whom a network was assigned, which
is right for most and wrong for some; `GEOIP_PATH` names a better database where there is one: an
`.mmdb` (DB-IP, MaxMind), or CSV of first address, last address, country (DB-IP, IPFire, Tor).
"""

import csv
import ipaddress
import re
import socket
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Protocol

import iptocc
import maxminddb
from django.conf import settings

from apps.core.client_address import Address, parsed

Kind = Literal["", "vpn", "proxy", "tor", "hosting"]
KINDS = {"vpn", "proxy", "tor", "hosting"}
OWN_NETWORKS = Path(__file__).parent / "data" / "networks.txt"
COUNTRY = re.compile(r"[A-Z]{2}")
# What databases write for "not assigned to a country".
NOWHERE = {"ZZ", "XX", "??", "EU", "AP", "A1", "A2", "O1", "T1"}
# Two letters that some databases use where ISO has others.
ALIASES = {"UK": "GB", "EL": "GR"}
REMEMBERED_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """country: ISO 3166 alpha-2, empty when it is not known. hides: what kind of network it is.

    is_private: an address that no country can be told of, as of a laptop talking to itself.
    database: what said so, with its version or date.
    """

    country: str
    hides: Kind
    is_private: bool
    database: str


class Database(Protocol):
    name: str

    def country(self, address: Address) -> str:
        """Two letters, or nothing."""
        ...


def place_of(ip: str | None) -> Place:
    """Where an address is, by the database that is set up."""
    return _place(ip or "", settings.GEOIP_PATH, settings.GEO_NETWORKS_PATH)


def country_of(ip: str | None) -> str:
    return place_of(ip).country


def database_of(path: str) -> Database:
    """The database a setting names. Raises OSError, ValueError when it cannot be read."""
    if not path:
        return Delegations()
    file = Path(path)
    return Mmdb(file) if file.suffix == ".mmdb" else Ranges(file)


@lru_cache(maxsize=REMEMBERED_MAX)
def _place(ip: str, path: str, networks_path: str) -> Place:
    database = _opened(path)
    address = parsed(ip)
    if address is None or not address.is_global:
        # What is not routed has no country; the documentation's networks are in our own list.
        hides = _networks(networks_path).kind(address) if address is not None else ""
        is_private = address is not None and (address.is_private and not hides)
        return Place("", hides, is_private, database.name)
    found = database.country(address)
    return Place(found, _networks(networks_path).kind(address), False, database.name)


@cache
def _opened(path: str) -> Database:
    return database_of(path)


@cache
def _networks(path: str) -> "Networks":
    return Networks(Path(path) if path else OWN_NETWORKS)


def _clean(code: str | None) -> str:
    found = ALIASES.get((code or "").upper(), (code or "").upper())
    return found if COUNTRY.fullmatch(found) and found not in NOWHERE else ""


# ---- databases -------------------------------------------------------------------------------------


class Delegations:
    """The registries' delegations, in the package."""

    def __init__(self) -> None:
        self.name = f"iptocc {version('iptocc')}"

    def country(self, address: Address) -> str:
        return _clean(iptocc.country_code(str(address)))


class Mmdb:
    """A MaxMind DB: `country.iso_code`, or `country_code` at the top, as the free ones have it."""

    def __init__(self, file: Path) -> None:
        self._reader = maxminddb.open_database(str(file))
        about = self._reader.metadata()
        built = datetime.fromtimestamp(about.build_epoch, UTC)
        self.name = f"{about.database_type} {built:%Y-%m-%d}"

    def country(self, address: Address) -> str:
        found = self._reader.get(str(address))
        if not isinstance(found, dict):
            return ""
        nested = found.get("country")
        code = nested.get("iso_code") if isinstance(nested, dict) else found.get("country_code")
        return _clean(code if isinstance(code, str) else None)


class Ranges:
    """CSV of first address, last address, country; addresses as text or as whole numbers."""

    def __init__(self, file: Path) -> None:
        found: dict[int, list[tuple[int, int, str]]] = {32: [], 128: []}
        for bits, first, last, code in _rows(file):
            found[bits].append((first, last, code))
        if not any(found.values()):
            raise ValueError(f"{file} has no line like 192.0.2.0,192.0.2.255,DE.")
        # Apart, and each country's letters once: such files have more than half a million lines.
        self._first: dict[int, list[int]] = {}
        self._last: dict[int, list[int]] = {}
        self._code: dict[int, list[str]] = {}
        for bits, rows in found.items():
            rows.sort()
            self._first[bits] = [row[0] for row in rows]
            self._last[bits] = [row[1] for row in rows]
            self._code[bits] = [row[2] for row in rows]
            rows.clear()
        changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        self.name = f"{file.name} {changed:%Y-%m-%d}"

    def country(self, address: Address) -> str:
        bits, number = address.max_prefixlen, int(address)
        at = bisect_right(self._first[bits], number) - 1
        if at < 0 or number > self._last[bits][at]:
            return ""
        return _clean(self._code[bits][at])


def _rows(file: Path) -> Iterator[tuple[int, int, int, str]]:
    """Raises ValueError for a line that is none of a range."""
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(line for line in lines if not line.startswith("#")):
            if len(row) < 3:
                continue
            (bits, first), (other, last) = _number(row[0]), _number(row[1])
            if bits != other or last < first:
                raise ValueError(f"{file}: {','.join(row)} is no range.")
            yield bits, first, last, sys.intern(row[2].strip())


def _number(text: str) -> tuple[int, int]:
    """How many bits an address has, and the address as a number. Raises ValueError."""
    text = text.strip()
    if text.isdecimal():
        return 32, int(text)
    bits, family = (128, socket.AF_INET6) if ":" in text else (32, socket.AF_INET)
    try:
        return bits, int.from_bytes(socket.inet_pton(family, text))
    except OSError:
        raise ValueError(f"{text} is no address.") from None


class Networks:
    """A list of networks that hide where somebody is; of several the smallest counts."""

    def __init__(self, file: Path) -> None:
        self._kinds: dict[tuple[int, int, int], Kind] = {}
        self._lengths: dict[int, list[int]] = {32: [], 128: []}
        for line in file.read_text(encoding="utf-8").splitlines():
            words = line.partition("#")[0].split()
            if words:
                self._add(file, words)
        for lengths in self._lengths.values():
            lengths.sort(reverse=True)

    def kind(self, address: Address) -> Kind:
        bits, number = address.max_prefixlen, int(address)
        for length in self._lengths[bits]:
            found = self._kinds.get((bits, length, number >> (bits - length)))
            if found:
                return found
        return ""

    def _add(self, file: Path, words: list[str]) -> None:
        if len(words) < 2 or words[1] not in KINDS:
            raise ValueError(f"{file}: write a network and one of {', '.join(sorted(KINDS))}.")
        network = ipaddress.ip_network(words[0])
        bits, length = network.max_prefixlen, network.prefixlen
        key = (bits, length, int(network.network_address) >> (bits - length))
        self._kinds[key] = words[1]  # type: ignore[assignment]  # one of KINDS, checked above
        if length not in self._lengths[bits]:
            self._lengths[bits].append(length)
