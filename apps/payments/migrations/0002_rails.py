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
            position=position,
        )


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("ledger", "0003_reference")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
