import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HOST = "127.0.0.1"
# What this run of the tests was told must not reach a demo, which stands alone.
OURS = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "CASINO_DATA_DIR", "DEMO_PORT")


@pytest.fixture
def data() -> Iterator[Path]:
    """An empty data folder that PostgreSQL's own user can reach, with a space in its name."""
    folder = Path(tempfile.mkdtemp(prefix="casino demo ", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def environment(data: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | {"CASINO_DATA_DIR": str(data)}


def four_free_ports() -> int:
    """The first of four neighbouring ports nobody listens at."""
    for port in range(20_000 + os.getpid() % 1000 * 20, 60_000, 4):
        if all(is_free(port + offset) for offset in range(4)):
            return port
    raise AssertionError("No four free ports in a row.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
