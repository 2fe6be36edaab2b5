"""Whether money moves as fast in a large journal as in a small one, as a ratio in the same run.

    python -m bench.growth [--small 100000] [--large 5000000] [--seconds 6] [--rounds 3]

Two databases of one server take turns with the movement from SQL. Rounds with an even number begin
with a checkpoint, after which every page that changes is logged whole once. The last line is one
JSON object with `growth_ratio` (large to small, median over the rounds) and, apart, the rounds
after a checkpoint and between them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from bench.wallet import SQL, Pgbench, _insist_on_durability, _make_world, in_process
from casino import embedded

# Rows as the journal function leaves them, but for signatures and links: this database does not verify.
FILL = """
INSERT INTO ledger_entry (id, wallet_id, wallet_version, account_id, kind, amount, balance_after,
                          partner_id, outside_id, round_ref, closes_round, created_at, key_id, mac, link)
SELECT n, %(first)s + n %% %(wallets)s, n / %(wallets)s + 1000, 1, 1, -0.01, 1000, 2, md5(n::text), 'r', false,
       now() - (%(rows)s - n) * interval '1 ms', 1, sha256(n::text::bytea), sha256(n::text::bytea)
  FROM generate_series(%(from)s, %(to)s) n;
INSERT INTO ledger_operation (wallet_id, entry_id, partner_id, state, outside_id)
SELECT %(first)s + n %% %(wallets)s, n, 2, 1, md5(n::text) FROM generate_series(%(from)s, %(to)s) n;
"""
STEP = 250_000


def main() -> None:
    options = _options()
    ledgers = {"small": options.small, "large": options.large}
    services = {name: embedded.start(f"bench_growth_{name}") for name in ledgers}
    embedded.fill_environment(services["small"])
    os.environ["DJANGO_SETTINGS_MODULE"] = "casino.settings.dev"
    os.environ["LOG_LEVEL"] = "WARNING"
    try:
        scripts = {
            name: _prepare(services[name].database_url, rows, options.wallets)
            for name, rows in ledgers.items()
        }
        rates: dict[str, list[float]] = {name: [] for name in ledgers}
        for number in range(1, options.rounds * 2 + 1):
            for name in ledgers:
                url = services[name].database_url
                if number % 2 == 0:
                    with psycopg.connect(url, autocommit=True) as connection:
                        connection.execute("CHECKPOINT")
                one = Pgbench(url, options).measure("-n", "-f", str(scripts[name]))
                rates[name].append(one.rate)
                after = "after a checkpoint" if number % 2 == 0 else "between checkpoints"
                print(f"round {number} {name} {one.rate:>8.0f}/s {after}", flush=True)
        _report(rates)
    finally:
        embedded.stop()


def _report(rates: dict[str, list[float]]) -> None:
    ratios = [large / small for large, small in zip(rates["large"], rates["small"], strict=True)]
    print(
        json.dumps(
            {
                "growth_ratio": round(statistics.median(ratios), 3),
                "growth_between_checkpoints_ratio": round(statistics.median(ratios[::2]), 3),
                "growth_after_checkpoint_ratio": round(statistics.median(ratios[1::2]), 3),
            }
        )
    )


def _prepare(database_url: str, rows: int, wallets: int) -> Path:
    """Migrate, make the wallets, fill the journal; a second run finds it filled."""
    os.environ["DATABASE_URL"] = database_url
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
    _insist_on_durability(database_url)
    world = in_process(_make_world, wallets)
    first, last = min(world.wallet_ids), max(world.wallet_ids)
    with psycopg.connect(database_url, autocommit=True) as connection:
        have = connection.execute("SELECT max(id) FROM ledger_entry").fetchone()[0]
        # Room for all rows at once: the ids go on after those the wallets were opened with.
        connection.execute("SELECT ledger_extend(%s)", [rows // 5_000_000 + 2])
        while have < rows:
            to = min(rows, have + STEP)
            part = {"first": first, "wallets": wallets, "rows": rows, "from": have + 1, "to": to}
            for statement in FILL.split(";"):
                if statement.strip():
                    connection.execute(statement, part)
            have = to
            print(f"{have:,} entries", end="\r", flush=True)
        connection.execute(
            "SELECT setval('ledger_entry_id_seq', (SELECT max(id) FROM ledger_entry))"
        )
        connection.execute("VACUUM ANALYZE ledger_entry, ledger_operation")
    with tempfile.NamedTemporaryFile("w", suffix=".sql", delete=False) as script:
        script.write(SQL.format(first=first, last=last))
    return Path(script.name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--wallets", type=int, default=2000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
