"""Currencies of the gateway, and addresses that look and check like the real ones.

Sources: BIP-173 and BIP-350 (Bitcoin, Litecoin), EIP-55 (Ethereum and its tokens), Base58Check
(Dogecoin, Tron, older Bitcoin), XRP Ledger's own Base58 alphabet. Nobody holds keys to them.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

BECH32_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_CONSTANTS = {0: 1}  # witness version 0; all later ones use Bech32m
BECH32M_CONSTANT = 0x2BC830A3
BASE58_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
XRP_LETTERS = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
ADDRESS_BYTES = 20


@dataclass(frozen=True)
class Chain:
    """A network: how it writes addresses, and what marks one of its own."""

    name: str
    style: str
    prefixes: tuple[str, ...] = ()  # bech32: human parts, the first one is used for new ones
    versions: tuple[int, ...] = ()  # base58: version bytes, likewise


BITCOIN = Chain("Bitcoin testnet", "bech32", ("tb", "bc"), (0x00, 0x05, 0x6F, 0xC4))
LITECOIN = Chain("Litecoin testnet", "bech32", ("tltc", "ltc"), (0x30, 0x32, 0x05, 0x6F, 0x3A))
DOGECOIN = Chain("Dogecoin", "base58", versions=(0x1E, 0x16, 0x71))
ETHEREUM = Chain("Ethereum", "hex")
TRON = Chain("Tron", "base58", versions=(0x41,))
XRPL = Chain("XRP Ledger", "xrp", versions=(0x00,))


@dataclass(frozen=True)
class Asset:
    """One line of the gateway's currency list (protocol document, section 8)."""

    number: int
    code: str
    chain: Chain | None  # None for money of a state
    minimum: Decimal
    confirmations: int
    price_eur: Decimal
    mining_fee: Decimal = Decimal(0)
    has_tag: bool = False
    fee_coin: str = ""  # the coin that pays for moving this token

    @property
    def is_crypto(self) -> bool:
        return self.chain is not None


ASSETS = {
    asset.code: asset
    for asset in (
        Asset(1, "BTC", BITCOIN, Decimal("0.0001"), 1, Decimal(60_000), Decimal("0.00002")),
        Asset(2, "LTC", LITECOIN, Decimal("0.01"), 6, Decimal(80), Decimal("0.0001")),
        Asset(3, "DOGE", DOGECOIN, Decimal(1), 6, Decimal("0.2"), Decimal("0.5")),
        Asset(4, "ETH", ETHEREUM, Decimal("0.01"), 10, Decimal(2_500), Decimal("0.0004")),
        Asset(5, "USDTE", ETHEREUM, Decimal(5), 10, Decimal("0.9"), fee_coin="ETH"),
        Asset(6, "USDTT", TRON, Decimal(2), 19, Decimal("0.9"), fee_coin="TRX"),
        Asset(7, "USDC", ETHEREUM, Decimal(5), 10, Decimal("0.9"), fee_coin="ETH"),
        Asset(8, "TRX", TRON, Decimal(10), 19, Decimal("0.25"), Decimal("1.1")),
        Asset(9, "XRP", XRPL, Decimal("0.001"), 1, Decimal(2), Decimal("0.0001"), has_tag=True),
        Asset(20, "EUR", None, Decimal(10), 0, Decimal(1)),
        Asset(21, "USD", None, Decimal(10), 0, Decimal("0.9")),
    )
}
DEPOSIT_FEE = Decimal("0.008")
WITHDRAWAL_FEE = Decimal("0.002")
TRANSFER_FEE = Decimal("0.00031")
EXCHANGE_FEE = Decimal("0.004")
INVOICE_FEE = Decimal("0.008")
EXCHANGE_MINIMUM_EUR = Decimal(10)


def new_address(asset: Asset) -> str:
    chain = asset.chain
    if chain is None:
        raise ValueError(f"{asset.code} lives on no chain and has no addresses.")
    body = secrets.token_bytes(ADDRESS_BYTES)
    if chain.style == "bech32":
        return bech32_encode(chain.prefixes[0], body)
    if chain.style == "hex":
        return checksummed_hex(body)
    letters = XRP_LETTERS if chain.style == "xrp" else BASE58_LETTERS
    return base58check_encode(bytes([chain.versions[0]]) + body, letters)


def new_transaction_hash(asset: Asset) -> str:
    plain = secrets.token_hex(32)
    return f"0x{plain}" if asset.chain is ETHEREUM else plain


def is_address(asset: Asset, address: str) -> bool:
    """Whether the chain would take it; main and test networks are both fine."""
    chain = asset.chain
    if chain is None:
        return False
    if chain.style == "hex":
        return _is_hex_address(address)
    if chain.style == "bech32" and bech32_check(chain.prefixes, address):
        return True
    letters = XRP_LETTERS if chain.style == "xrp" else BASE58_LETTERS
    payload = base58check_decode(address, letters)
    return payload is not None and len(payload) == 21 and payload[0] in chain.versions


# ---- Bech32 ------------------------------------------------------------------------------------


def bech32_encode(human: str, program: bytes, version: int = 0) -> str:
    values = [version, *_five_bits(program)]
    constant = BECH32_CONSTANTS.get(version, BECH32M_CONSTANT)
    mixed = _bech32_mix([*_spread(human), *values, *([0] * 6)]) ^ constant
    checksum = [(mixed >> 5 * (5 - place)) & 31 for place in range(6)]
    return f"{human}1" + "".join(BECH32_LETTERS[value] for value in [*values, *checksum])


def bech32_check(humans: Iterable[str], address: str) -> bool:
    if address not in {address.lower(), address.upper()}:
        return False
    human, _, data = address.lower().rpartition("1")
    if human not in humans or len(data) < 8 or set(data) - set(BECH32_LETTERS):
        return False
    values = [BECH32_LETTERS.index(letter) for letter in data]
    constant = BECH32_CONSTANTS.get(values[0], BECH32M_CONSTANT)
    size_bytes = (len(values) - 7) * 5 // 8
    right_size = size_bytes in {20, 32} if values[0] == 0 else 2 <= size_bytes <= 40
    return right_size and _bech32_mix([*_spread(human), *values]) == constant


def _spread(human: str) -> list[int]:
    return [ord(letter) >> 5 for letter in human] + [0] + [ord(letter) & 31 for letter in human]


def _bech32_mix(values: Iterable[int]) -> int:
    generators = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    mixed = 1
    for value in values:
        top = mixed >> 25
        mixed = (mixed & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(generators):
            mixed ^= generator if (top >> place) & 1 else 0
    return mixed


def _five_bits(data: bytes) -> list[int]:
    bits = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = (len(data) * 8 + 4) // 5
    return [(bits >> 5 * (count - 1 - place)) & 31 for place in range(count)]


# ---- Base58Check -------------------------------------------------------------------------------


def base58check_encode(payload: bytes, letters: str = BASE58_LETTERS) -> str:
    data = payload + _checksum(payload)
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, place = divmod(number, 58)
        text = letters[place] + text
    return letters[0] * (len(data) - len(data.lstrip(b"\0"))) + text


def base58check_decode(text: str, letters: str = BASE58_LETTERS) -> bytes | None:
    if not text or len(text) > 60 or set(text) - set(letters):
        return None
    number = 0
    for letter in text:
        number = number * 58 + letters.index(letter)
    zeros = len(text) - len(text.lstrip(letters[0]))
    data = b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    payload, checksum = data[:-4], data[-4:]
    return payload if len(data) > 4 and checksum == _checksum(payload) else None


def _checksum(payload: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]


# ---- EIP-55 ------------------------------------------------------------------------------------


def checksummed_hex(body: bytes) -> str:
    """Capitals where the hash of the lower-case address has a high digit."""
    plain = body.hex()
    digits = keccak_256(plain.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(digit, 16) >= 8 else letter
        for letter, digit in zip(plain, digits, strict=False)
    )


def _is_hex_address(address: str) -> bool:
    try:
        body = bytes.fromhex(address.removeprefix("0x"))
    except ValueError:
        return False
    if not address.startswith("0x") or len(body) != 20:
        return False
    plain = address[2:]
    return plain in {plain.lower(), plain.upper()} or address == checksummed_hex(body)


KECCAK_ROUNDS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
KECCAK_ROTATIONS = (
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
)  # fmt: skip
KECCAK_LANES = (
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
)  # fmt: skip
KECCAK_RATE_BYTES = 136
WORD = (1 << 64) - 1


def keccak_256(message: bytes) -> bytes:
    """Ethereum's hash: Keccak with the padding from before it became SHA-3."""
    padding = bytearray(KECCAK_RATE_BYTES - len(message) % KECCAK_RATE_BYTES)
    padding[0] = 0x01
    padding[-1] |= 0x80
    data = message + bytes(padding)
    lanes = [0] * 25
    for start in range(0, len(data), KECCAK_RATE_BYTES):
        block = data[start : start + KECCAK_RATE_BYTES]
        for place in range(KECCAK_RATE_BYTES // 8):
            lanes[place] ^= int.from_bytes(block[place * 8 : place * 8 + 8], "little")
        _keccak_permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _keccak_permute(lanes: list[int]) -> None:
    for constant in KECCAK_ROUNDS:
        columns = [
            lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20]
            for x in range(5)
        ]
        for x in range(5):
            mixed = columns[(x + 4) % 5] ^ _rotate(columns[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                lanes[x + y] ^= mixed
        carried = lanes[1]
        for lane, turn in zip(KECCAK_LANES, KECCAK_ROTATIONS, strict=True):
            lanes[lane], carried = _rotate(carried, turn), lanes[lane]
        for y in range(0, 25, 5):
            row = lanes[y : y + 5]
            for x in range(5):
                lanes[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) & WORD
        lanes[0] ^= constant


def _rotate(lane: int, turn: int) -> int:
    return (lane << turn | lane >> (64 - turn)) & WORD
