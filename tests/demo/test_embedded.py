import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from casino import embedded
from tests.demo.running import ROOT

USER = """
import sys
from pathlib import Path
from casino import embedded
embedded.start(home=Path(sys.argv[1]))
print("started", flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
def test_the_last_user_stops_the_servers_and_the_data_stays(data: Path) -> None:
    found = embedded.start(home=data)
    try:
        with psycopg.connect(found.database_url) as connection:
            version = connection.execute("SHOW server_version_num").fetchone()
            connection.execute("CREATE TABLE kept (n int)")
        assert version is not None
        assert int(version[0]) // 10_000 == 18
        assert redis.Redis.from_url(found.redis_url).ping()

        with subprocess.Popen(
            [sys.executable, "-c", USER, str(data)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdin is not None
            assert other.stdout is not None
            assert other.stdout.readline() == "started\n"
            assert embedded.other_users(data) == [other.pid]
            embedded.stop(data)
            assert embedded.are_running(data)

            other.stdin.write("\n")
        assert not embedded.are_running(data)

        embedded.start(home=data)
        with psycopg.connect(found.database_url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        embedded.stop(data)
    assert not embedded.are_running(data)


def test_secrets_are_made_once_and_are_private(data: Path) -> None:
    first = embedded.local_secrets(data)

    assert embedded.local_secrets(data) == first
    assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["plain", "with space", "x" * 120, "ünïcode"])
def test_sockets_have_a_short_plain_path_wherever_the_data_is(name: str) -> None:
    found = embedded.services(home=Path("/somewhere") / name)

    path = found.redis_url.removeprefix("unix://")
    assert len(path.encode()) < 100
    assert path.isascii()
    assert " " not in path
