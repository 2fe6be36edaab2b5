"""Form and checksum of addresses, with the vectors the standards print."""

import pytest

from apps.payments.addresses import is_address, normalised, require_address, spellings
from apps.payments.errors import InvalidAddress
from apps.payments.keccak import keccak_256
from tests.payments.factories import rail

GOOD = [
    ("bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ("bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("bitcoin", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"),
    ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("bitcoin", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"),
    ("litecoin", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9"),
    ("dogecoin", "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L"),
    ("evm", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("evm", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    ("evm", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),
    ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
    ("xrp", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
]
BAD = [
    ("bitcoin", ""),
    ("bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3"),
    ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
    ("bitcoin", "bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    # BIP-350: version 0 with the newer checksum, version 1 with the older one
    ("bitcoin", "bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"),
    ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"),
    ("bitcoin", "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9"),
    ("bitcoin", "bc1" + "q" * 200),
    ("evm", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("evm", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("evm", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA"),
    ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T"),
    ("tron", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("bitcoin", "１BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
]


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_a_good_address_is_taken(kind, text):
    assert is_address(kind, text)


@pytest.mark.rule("PAY-15")
@pytest.mark.parametrize(("kind", "text"), BAD)
def test_a_damaged_or_foreign_address_is_refused(kind, text):
    assert not is_address(kind, text)


def test_test_networks_are_refused_where_real_money_moves(settings):
    settings.PAYMENTS_TESTNET = False

    assert not is_address(
        "bitcoin", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"
    )
    assert is_address("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")


@pytest.mark.django_db
def test_an_address_of_another_network_is_named_in_the_refusal():
    with pytest.raises(InvalidAddress) as refused:
        require_address(rail("USDTE"), "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t")

    assert refused.value.fields == {
        "address": "This is an address of Tron. You chose USDT on Ethereum (ERC-20): coins sent "
        "to another network are lost."
    }


@pytest.mark.django_db
def test_a_tag_is_refused_where_the_network_has_none():
    with pytest.raises(InvalidAddress) as refused:
        require_address(rail("BTC"), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "12")

    assert list(refused.value.fields) == ["tag"]


@pytest.mark.django_db
@pytest.mark.parametrize("tag", ["", "abc", "-1", "4294967296", "１"])
def test_a_network_with_tags_needs_a_number(tag):
    ripple = rail("BTC")
    ripple.address_kind, ripple.needs_tag = "xrp", True

    with pytest.raises(InvalidAddress):
        require_address(ripple, "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", tag)


def test_keccak_is_the_one_of_ethereum():
    assert keccak_256(b"").hex() == (
        "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )
    assert keccak_256(b"a" * 136).hex() == (
        "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"
    )


def test_one_address_has_one_spelling():
    checksummed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    small = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"

    assert normalised("evm", checksummed.lower()) == checksummed
    assert normalised("bitcoin", small.upper()) == small
    assert normalised("bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy") == (
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
    )
    assert checksummed in spellings(checksummed.lower())
