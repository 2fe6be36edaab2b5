"""One running demo and one browser for every journey."""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import shared
from tests.demo.conftest import OURS, four_free_ports
from tests.demo.running import FIRST_START_SECONDS, Demo, manage, wait_for


class Casino:
    """The demo as a visitor finds it: its address, its password, its one-time codes."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data = data
        self.environment = environment
        self.port = four_free_ports()
        self.used_codes: set[str] = set()
        self.demo = Demo(self.environment, self.port, self.data / "said.txt")

    @property
    def origin(self) -> str:
        return self.demo.origin

    def start_again(self) -> None:
        self.demo = Demo(self.environment, self.port, self.data / "said.txt")

    def wait_until_ready(self, seconds: float) -> None:
        wait_for(self.demo.is_ready, seconds)
        wait_for(lambda: "Ready after" in self.demo.said, 15)

    def stop(self, by: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; what it ends with."""
        if self.demo.process.poll() is None:
            self.demo.process.send_signal(by)
        return self.demo.process.wait(timeout=60)

    @property
    def password(self) -> str:
        found = re.search(r"Password of everybody below: (\S+)", self.demo.said)
        assert found is not None, self.demo.said
        return found[1]

    def fresh_code(self, role: str) -> str:
        """A code that was not given out yet; a new one exists every thirty seconds."""
        code = ""

        def is_fresh() -> bool:
            nonlocal code
            answer = manage(self.environment, "demo_otp", role)
            assert answer.returncode == 0, answer.stderr
            code = answer.stdout.strip()
            return code not in self.used_codes

        wait_for(is_fresh, 65)
        self.used_codes.add(code)
        return code


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with shared.open() as opened:
        yield opened


@pytest.fixture(scope="module")
def casino() -> Iterator[Casino]:
    # PostgreSQL's own user has to reach it, whatever is in its name.
    folder = Path(tempfile.mkdtemp(prefix="casino journeys ", dir="/var/tmp"))
    folder.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    found = Casino(folder, kept | {"CASINO_DATA_DIR": str(folder)})
    try:
        found.wait_until_ready(FIRST_START_SECONDS)
        yield found
    finally:
        code, said = found.stop(), found.demo.said
        shutil.rmtree(folder)
    assert code == 0, said
