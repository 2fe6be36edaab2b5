"""The rails on offer: minimums and confirmations as the gateway publishes them."""

from decimal import Decimal

from django.db import migrations

# code, currency, network, address kind, QR scheme, confirmations, minimum, large above
RAILS = [
    ("BTC", "BTC", "Bitcoin", "bitcoin", "bitcoin", 1, "0.0001", "0.03"),
    ("ETH", "ETH", "Ethereum", "evm", "ethereum", 10, "0.01", "0.8"),
    ("USDTT", "USDT", "Tron (TRC-20)", "tron", "", 19, "2", "2000"),
    ("USDTE", "USDT", "Ethereum (ERC-20)", "evm", "", 10, "5", "2000"),
    ("LTC", "LTC", "Litecoin", "litecoin", "litecoin", 6, "0.01", "25"),
    ("DOGE", "DOGE", "Dogecoin", "dogecoin", "dogecoin", 6, "1", "10000"),
    ("USDC", "USDC", "Ethereum (ERC-20)", "evm", "", 10, "5", "2000"),
]
# Coins that are exchanged on the way: code, currency, coin, network, address kind, QR scheme,
# confirmations, minimum, large above
EXCHANGED = [
    ("EURBTC", "EUR", "BTC", "Bitcoin, exchanged on arrival", "bitcoin", "bitcoin", 1, "20", "2000"),
]
# code, network, minimum in, minimum out, large above
FIAT = [
    ("EUR", "Card, bank or wallet", "10", "20", "2000"),
    ("USD", "Card, bank or wallet", "10", "20", "2000"),
    ("GBP", "Card, bank or wallet", "10", "20", "1750"),
    ("JPY", "Card or wallet", "1500", "3000", "300000"),
]
SEPA = [
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
]
# rail, code, name, countries (none: everywhere), arrival of a payout
METHODS = [
    ("EUR", "card", "Card", [], "One to three working days"),
    ("EUR", "bank", "Bank transfer (SEPA)", SEPA, "Within a working day"),
    ("EUR", "wallet", "E-wallet", [], "Within an hour"),
    ("USD", "card", "Card", [], "One to three working days"),
    ("USD", "bank", "Bank transfer", ["BR", "CA", "MX", "PA"], "One to three working days"),
    ("USD", "wallet", "E-wallet", [], "Within an hour"),
    ("GBP", "card", "Card", [], "One to three working days"),
    ("GBP", "bank", "Bank transfer (Faster Payments)", ["GG", "GI", "IM", "JE"], "Within an hour"),
    ("GBP", "wallet", "E-wallet", [], "Within an hour"),
    ("JPY", "card", "Card", [], "One to three working days"),
    ("JPY", "wallet", "E-wallet", [], "Within an hour"),
]


def load(apps, schema_editor):
    rail = apps.get_model("payments", "Rail")
    for position, (
        code, currency, network, kind, scheme, confirmations, minimum, large,
    ) in enumerate(RAILS, start=1):  # fmt: skip
        rail.objects.create(
            code=code,
            provider="coinspaid",
            provider_code=code,
            currency_id=currency,
            network=network,
            address_kind=kind,
            uri_scheme=scheme,
            confirmations=confirmations,
            deposit_min=Decimal(minimum),
            withdrawal_min=Decimal(minimum),
            review_above=Decimal(large),
            two_people_above=5 * Decimal(large),
            position=position,
        )
    for position, (
        code, currency, coin, network, kind, scheme, confirmations, minimum, large,
    ) in enumerate(EXCHANGED, start=60):  # fmt: skip
        rail.objects.create(
            code=code,
            provider="coinspaid",
            provider_code=currency,
            coin_code=coin,
            currency_id=currency,
            network=network,
            address_kind=kind,
            uri_scheme=scheme,
            confirmations=confirmations,
            deposit_min=Decimal(minimum),
            withdrawal_min=Decimal(minimum),
            review_above=Decimal(large),
            two_people_above=5 * Decimal(large),
            position=position,
        )
    # Many players share one address on this chain: the tag is theirs. Off, like its currency.
    rail.objects.create(
        code="XRP",
        provider="coinspaid",
        provider_code="XRP",
        currency_id="XRP",
        network="XRP Ledger",
        address_kind="xrp",
        needs_tag=True,
        confirmations=1,
        deposit_min=Decimal("0.001"),
        withdrawal_min=Decimal("0.001"),
        review_above=Decimal("1000"),
        enabled=False,
        position=70,
    )
    load_fiat(apps)


def load_fiat(apps):
    rail = apps.get_model("payments", "Rail")
    method = apps.get_model("payments", "PaymentMethod")
    for position, (code, network, least_in, least_out, large) in enumerate(FIAT, start=50):
        rail.objects.create(
            code=code,
            provider="paymentiq",
            provider_code=code,
            currency_id=code,
            network=network,
            address_kind="account",
            confirmations=0,
            deposit_min=Decimal(least_in),
            withdrawal_min=Decimal(least_out),
            review_above=Decimal(large),
            two_people_above=5 * Decimal(large),
            position=position,
        )
    for position, (code, kind, name, countries, arrival) in enumerate(METHODS, start=1):
        method.objects.create(
            rail=rail.objects.get(code=code),
            code=kind,
            name=name,
            countries=countries,
            deposit_arrival="Within a working day" if kind == "bank" else "At once",
            arrival=arrival,
            position=position,
        )


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("ledger", "0003_reference")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
