"""The demo as a visitor runs it: one command, real processes, Ctrl-C."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from django.core.management import CommandError, call_command

from tests.demo.conftest import HOST, four_free_ports, is_free

ROOT = Path(__file__).resolve().parents[2]
FIRST_START_SECONDS = 90


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Demo:
    """A running `manage.py demo` and what it has said."""

    def __init__(self, environment: dict[str, str], port: int, output: Path) -> None:
        self.origin = f"http://{HOST}:{port}"
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(port)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.said
        try:
            return httpx.get(f"{self.origin}/readyz", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def family(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def child(self, words: str) -> psutil.Process:
        return next(one for one in self.family() if words in " ".join(one.cmdline()))


@contextmanager
def demo(environment: dict[str, str], port: int, output: Path) -> Iterator[Demo]:
    running = Demo(environment, port, output)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(timeout=60)


def wait_for(is_so: Callable[[], bool], seconds: float) -> float:
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - begun


@pytest.mark.slow
def test_it_starts_heals_itself_and_leaves_nothing_behind(
    data: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    port = four_free_ports()
    output = tmp_path / "demo.txt"
    with demo(environment, port, output) as running:
        wait_for(running.is_ready, FIRST_START_SECONDS)
        wait_for(lambda: "Ready after" in running.said, 10)

        # A lobby with games, whose pictures and style sheets are there.
        lobby = httpx.get(running.origin, trust_env=False)
        assert lobby.status_code == 200
        assert "1,197 games" in lobby.text
        sheet = re.search(r'href="(/static/css/tokens[^"]+)"', lobby.text)
        assert sheet is not None
        assert httpx.get(running.origin + sheet[1], trust_env=False).status_code == 200

        # The printed logins work.
        password = re.search(r"Password of everybody below: (\S+)", running.said)
        assert password is not None
        assert sign_in(running.origin, "player@demo.test", password[1])
        assert not sign_in(running.origin, "player@demo.test", "not the password")
        code = manage(environment, "demo_otp", "finance")
        assert re.fullmatch(r"\d{6}\n", code.stdout), code.stderr
        assert (data / "secrets.json").stat().st_mode & 0o777 == 0o600

        # A second one on the same folder is refused, and says why.
        second = manage(environment, "demo", "--port", str(four_free_ports()))
        assert second.returncode == 1
        assert "The demo runs already" in second.stderr

        # What is killed comes back.
        killed = running.child("casino.wsgi")
        killed.kill()
        wait_for(lambda: "web was started again" in running.said, 10)
        wait_for(running.is_ready, 30)
        assert running.child("casino.wsgi").pid != killed.pid

        family = [*running.family(), *servers(data)]
        assert len(family) >= 8
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(timeout=30) == 0, running.said
        wait_for(lambda: not any(one.is_running() for one in family), 5)
        assert all(is_free(port + offset) for offset in range(4))
        assert not (data / "processes.json").exists()

    # The second start takes seconds, keeps the data, and stops by SIGTERM as well.
    with demo(environment, port, output) as running:
        wait_for(running.is_ready, 30)
        wait_for(lambda: "Ready after" in running.said, 10)
        assert "Database tables" not in running.said
        assert password[1] in running.said
        assert sign_in(running.origin, "player@demo.test", password[1])
        family = [*running.family(), *servers(data)]
        running.process.terminate()
        assert running.process.wait(timeout=30) == 0, running.said
        wait_for(lambda: not any(one.is_running() for one in family), 5)


def test_a_taken_port_is_named_before_anything_starts(
    data: Path, environment: dict[str, str]
) -> None:
    port = four_free_ports()
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port + 2))
        listener.listen()

        refused = manage(environment, "demo", "--port", str(port))

    assert refused.returncode == 1
    assert refused.stderr.startswith(f"CommandError: Port {port + 2} (wallet) is taken.")
    assert len(refused.stderr.splitlines()) == 1
    assert not (data / "postgres").exists()


def test_ports_beyond_the_last_are_refused(environment: dict[str, str]) -> None:
    refused = manage(environment, "demo", "--port", "65533")

    assert refused.returncode == 1
    assert "from 1 to 65532" in refused.stderr


@pytest.mark.parametrize("words", [("demo",), ("demo_otp", "finance"), ("demo_seed",)])
def test_demo_commands_refuse_other_settings(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="demo"):
        call_command(*words)


def test_a_code_of_somebody_unknown_is_refused(environment: dict[str, str]) -> None:
    refused = manage(environment, "demo_otp", "nobody")

    assert refused.returncode == 1
    assert "Choose from support, finance, administrator" in refused.stderr
    assert refused.stdout == ""


def test_a_code_without_a_running_demo_says_how_to_start_it(environment: dict[str, str]) -> None:
    refused = manage(environment, "demo_otp", "finance")

    assert refused.returncode == 1
    assert "python manage.py demo" in refused.stderr


def sign_in(origin: str, email: str, password: str) -> bool:
    with httpx.Client(base_url=origin, trust_env=False) as browser:
        page = browser.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        answer = browser.post(
            "/accounts/login/",
            data={"csrfmiddlewaretoken": token[1], "login": email, "password": password},
            headers={"Referer": f"{origin}/accounts/login/"},
        )
        return answer.status_code == 302 and browser.get("/wallet/").status_code == 200


def servers(data: Path) -> list[psutil.Process]:
    postgres = int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    redis = int((data / "redis" / "redis.pid").read_text())
    return [psutil.Process(postgres), psutil.Process(redis)]
