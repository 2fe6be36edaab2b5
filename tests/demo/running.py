"""Running the demo from a test, and looking at it from outside."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

from tests.demo.conftest import HOST
from tests.web import web

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
            return web.get(f"{self.origin}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def family(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def child(self, words: str) -> psutil.Process:
        return next(one for one in self.family() if words in " ".join(one.cmdline()))


def wait_for(is_so: Callable[[], bool], seconds: float) -> float:
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - begun


def is_let_in(origin: str, email: str, password: str) -> bool:
    with httpx.Client(verify=False, base_url=origin, trust_env=False) as browser:
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
