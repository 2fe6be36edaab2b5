"""Our games and their limits, in the base currency."""

from decimal import Decimal

from django.db import migrations

GAMES = [
    ("crash", "Crash"),
    ("dice", "Dice"),
    ("mines", "Mines"),
    ("plinko", "Plinko"),
    ("limbo", "Limbo"),
    ("blackjack", "Blackjack"),
    ("roulette", "Roulette"),
    ("keno", "Keno"),
    ("hilo", "Hi-Lo"),
    ("wheel", "Wheel"),
]


def load(apps, schema_editor):
    for position, (code, title) in enumerate(GAMES, start=1):
        apps.get_model("originals", "Original").objects.create(
            code=code,
            title=title,
            stake_min=Decimal("0.01"),
            stake_max=Decimal(5000),
            win_max=Decimal(100000),
            position=position,
        )


class Migration(migrations.Migration):
    dependencies = [("originals", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
