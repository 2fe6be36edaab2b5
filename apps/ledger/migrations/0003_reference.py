"""Currencies, accounts and partners: data that the signed rows point to by number."""

from django.db import migrations

# id, code, name, kind, scale, display decimals, symbol
CURRENCIES = [
    (1, "BTC", "Bitcoin", "crypto", 8, 8, "₿"),
    (2, "ETH", "Ether", "crypto", 18, 8, "Ξ"),
    (3, "USDT", "Tether", "crypto", 6, 2, "₮"),
    (4, "LTC", "Litecoin", "crypto", 8, 8, "Ł"),
    (5, "DOGE", "Dogecoin", "crypto", 8, 4, "Ð"),
    (6, "USDC", "USD Coin", "crypto", 6, 2, "$"),
    (7, "EUR", "Euro", "fiat", 2, 2, "€"),
    (8, "USD", "US dollar", "fiat", 2, 2, "$"),
    (9, "GBP", "Pound sterling", "fiat", 2, 2, "£"),
    (10, "JPY", "Japanese yen", "fiat", 0, 0, "¥"),
]
# Known, and not offered until an operator switches it on.
DISABLED = [(11, "XRP", "XRP", "crypto", 6, 4, "✕")]
ACCOUNTS = [
    (1, "game_result", "Stakes taken and wins paid"),
    (2, "purse_transfer", "Between purses of one player; always nets to zero"),
    (3, "payment_clearing:coinspaid", "Money at CoinsPaid"),
    (4, "bonus_expense", "Free spins and promotions we pay for"),
    (5, "promo_expense", "Prizes a game partner announces"),
    (6, "payment_clearing:paymentiq", "Money at PaymentIQ's providers"),
    (7, "conversion", "Currencies sold and bought by players, at the middle rate"),
    (8, "conversion_spread", "What exchanges leave in the house"),
    (9, "fees", "Fees that players pay"),
    (10, "adjustment", "Corrections by two people"),
    (11, "jackpot", "Jackpots that will be won, and wins that are not paid yet"),
    (12, "jackpot_reserve", "What is set aside for the next seeds of jackpots"),
    (13, "jackpot_expense", "What jackpots cost the house"),
]
PARTNERS = [
    (1, "casino"), (2, "softswiss"), (3, "coinspaid"), (4, "paymentiq"), (5, "originals"), (6, "alea"),
]


def load(apps, schema_editor):
    currency = apps.get_model("ledger", "Currency")
    every = [*CURRENCIES, *DISABLED]
    for position, (pk, code, name, kind, scale, shown, symbol) in enumerate(every, start=1):
        currency.objects.create(
            id=pk, code=code, name=name, kind=kind, scale=scale, display_decimals=shown,
            symbol=symbol, position=position, enabled=pk <= len(CURRENCIES),
        )
    for pk, code, name in ACCOUNTS:
        apps.get_model("ledger", "Account").objects.create(id=pk, code=code, name=name)
    for pk, code in PARTNERS:
        apps.get_model("ledger", "Partner").objects.create(id=pk, code=code)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_journal")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
