"""Whether a text is an address of a network: form and checksum, before money goes there.

Sources: BIP-173 and BIP-350 (Bech32, Bech32m), Base58Check as in Bitcoin, EIP-55 (Ethereum),
Tron's and the XRP Ledger's own documents for their version bytes and alphabet.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings

from apps.payments.errors import InvalidAddress
from apps.payments.keccak import keccak_256
from apps.payments.models import Rail

LENGTH_MAX = 120
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
XRP_BASE58 = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_CONSTANT = 1
BECH32M_CONSTANT = 0x2BC830A3
EVM = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
TAG_MAX = 2**32 - 1

Kind = Rail.AddressKind


@dataclass(frozen=True)
class Form:
    """How a network writes addresses. `test_` is what its test network uses."""

    name: str
    versions: frozenset[int] = frozenset()
    test_versions: frozenset[int] = frozenset()
    human: str = ""
    test_human: str = ""
    alphabet: str = BASE58


FORMS: dict[str, Form] = {
    Kind.BITCOIN: Form("Bitcoin", frozenset({0x00, 0x05}), frozenset({0x6F, 0xC4}), "bc", "tb"),
    # Litecoin once shared version 5 with Bitcoin; nobody can tell those apart, so they are refused.
    Kind.LITECOIN: Form(
        "Litecoin", frozenset({0x30, 0x32}), frozenset({0x6F, 0x3A}), "ltc", "tltc"
    ),
    Kind.DOGECOIN: Form("Dogecoin", frozenset({0x1E, 0x16}), frozenset({0x71})),
    Kind.TRON: Form("Tron", frozenset({0x41})),
    Kind.XRP: Form("XRP Ledger", frozenset({0x00}), alphabet=XRP_BASE58),
    Kind.EVM: Form("Ethereum"),
}


def require_address(rail: Rail, address: str, tag: str = "") -> None:
    """Refuse what the rail's network would not take, in words. Raises InvalidAddress."""
    if not is_address(rail.address_kind, address):
        raise InvalidAddress(fields={"address": _why(rail, address)})
    if rail.needs_tag:
        if not (tag.isascii() and tag.isdigit() and int(tag) <= TAG_MAX):
            raise InvalidAddress(fields={"tag": "This network needs a numeric tag."})
    elif tag:
        raise InvalidAddress(fields={"tag": "This network has no tags. Leave it empty."})


def is_address(kind: str, address: str) -> bool:
    if not address.isascii() or not 0 < len(address) <= LENGTH_MAX:
        return False
    if kind == Kind.EVM:
        return _is_evm(address)
    form, testnet = FORMS[kind], settings.PAYMENTS_TESTNET
    humans = {form.human} | ({form.test_human} if testnet else set()) - {""}
    if any(_is_bech32(address, human) for human in humans if human):
        return True
    payload = _base58check(address, form.alphabet)
    versions = form.versions | (form.test_versions if testnet else frozenset())
    return payload is not None and len(payload) == 21 and payload[0] in versions


def normalised(kind: str, address: str) -> str:
    """The one spelling of an address that may be written in capitals, small letters or both."""
    if kind == Kind.EVM:
        return _checksummed(address) if EVM.fullmatch(address) else address
    humans = {FORMS[kind].human, FORMS[kind].test_human} - {""}
    is_bech32 = address.lower().startswith(tuple(f"{human}1" for human in humans))
    return address.lower() if is_bech32 and address.isupper() else address


def spellings(address: str) -> set[str]:
    """Every way an address we gave out may come back."""
    return {address, *(normalised(kind, address) for kind in FORMS)}


def _why(rail: Rail, address: str) -> str:
    """What is wrong with an address that the rail does not take."""
    others = [form.name for kind, form in FORMS.items() if is_address(kind, address)]
    wanted = FORMS[rail.address_kind].name
    if others:
        return (
            f"This is an address of {others[0]}. You chose {rail.currency_id} on {rail.network}: "
            "coins sent to another network are lost."
        )
    return f"This is no {wanted} address. Copy it again, all of it: one letter may be wrong."


def _is_evm(address: str) -> bool:
    if not EVM.fullmatch(address):
        return False
    plain = address[2:]
    if plain in {plain.lower(), plain.upper()}:
        return True  # written without a checksum
    return address == _checksummed(address)


def _checksummed(address: str) -> str:
    """EIP-55: capitals where the hash of the small letters has a high digit."""
    plain = address[2:].lower()
    digits = keccak_256(plain.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(digit, 16) >= 8 else letter
        for letter, digit in zip(plain, digits, strict=False)
    )


def _is_bech32(address: str, human: str) -> bool:
    if address not in {address.lower(), address.upper()} or len(address) > 90:
        return False
    prefix, _, data = address.lower().rpartition("1")
    if prefix != human or len(data) < 8 or set(data) - set(BECH32):
        return False
    values = [BECH32.index(letter) for letter in data]
    version, program = values[0], _bytes_of(values[1:-6])
    if version > 16 or program is None or not 2 <= len(program) <= 40:
        return False
    if version == 0 and len(program) not in {20, 32}:
        return False
    constant = BECH32M_CONSTANT if version else BECH32_CONSTANT
    spread = [ord(letter) >> 5 for letter in human] + [0] + [ord(letter) & 31 for letter in human]
    return _polymod(spread + values) == constant


def _bytes_of(values: list[int]) -> bytes | None:
    """Regroup five-bit values to bytes; None when the padding is wrong."""
    number, padding = 0, len(values) * 5 % 8
    for value in values:
        number = number << 5 | value
    if padding >= 5 or number & ((1 << padding) - 1):
        return None
    return (number >> padding).to_bytes(len(values) * 5 // 8, "big")


def _polymod(values: list[int]) -> int:
    generators = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    mixed = 1
    for value in values:
        top = mixed >> 25
        mixed = (mixed & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(generators):
            if top >> place & 1:
                mixed ^= generator
    return mixed


def _base58check(text: str, alphabet: str) -> bytes | None:
    """The payload, or None when a letter or the checksum is wrong."""
    if len(text) > 64 or set(text) - set(alphabet):
        return None
    number = 0
    for letter in text:
        number = number * 58 + alphabet.index(letter)
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    data = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    payload, checksum = data[:-4], data[-4:]
    right = sha256(sha256(payload).digest()).digest()[:4]
    return payload if payload and checksum == right else None
