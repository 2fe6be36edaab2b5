import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from apps.demo.supervisor import Failed, Program, Stopped, Supervisor, port_taken
from tests.demo.conftest import four_free_ports

SLEEP = "import time; time.sleep(60)"


class Watched:
    """A supervisor and what it said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(
            logs=folder / "logs",
            record=folder / "processes.json",
            cwd=folder,
            environment=os.environ,
            say=self.said.append,
        )

    def run(self, name: str, code: str, turn: int = 1, patience_seconds: float = 5) -> None:
        program = Program(name, (sys.executable, "-c", code), turn, patience_seconds)
        self.supervisor.start(program)

    def watch_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < deadline, self.said
            self.supervisor.pause(0.02)
            self.supervisor.look_after()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.supervisor.hurry = True
    made.supervisor.stop()


def test_what_dies_comes_back_and_its_last_words_are_shown(watched: Watched) -> None:
    watched.run("web", f"import time; print('the last words', flush=True); {SLEEP}")
    first = watched.supervisor.children["web"].process
    watched.watch_until(lambda: "the last words" in watched.supervisor.last_lines("web"))

    first.kill()
    watched.watch_until(lambda: watched.supervisor.children["web"].process is not first)

    assert watched.said[0] == "web ended unexpectedly (signal SIGKILL). Its last lines:"
    assert "    the last words" in watched.said
    assert watched.said[-1].startswith("web was started again")


def test_what_keeps_dying_is_given_up(watched: Watched) -> None:
    watched.run("web", "raise SystemExit(3)")

    with pytest.raises(Failed, match="web ended 6 times in a minute"):
        watched.watch_until(lambda: False)

    assert watched.said[0] == "web ended unexpectedly (exit code 3). Its last lines:"


def test_processes_stop_in_turn(watched: Watched, tmp_path: Path) -> None:
    ending = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n"
        "    time.sleep(0.2)\n"
        "    with open('order', 'a') as file: file.write(sys.argv[1] + '\\n')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "time.sleep(60)\n"
    )
    for turn, name in ((3, "wallet"), (1, "beat"), (2, "web")):
        watched.supervisor.start(Program(name, (sys.executable, "-c", ending, name), turn))
    watched.watch_until(lambda: all((tmp_path / x).exists() for x in ("wallet", "beat", "web")))

    watched.supervisor.stop()

    assert (tmp_path / "order").read_text().split() == ["beat", "web", "wallet"]


def test_who_does_not_listen_is_killed_with_its_children(watched: Watched, tmp_path: Path) -> None:
    deaf = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        "pathlib.Path('child').write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    watched.run("web", deaf, patience_seconds=0.3)
    child = tmp_path / "child"
    watched.watch_until(lambda: child.exists() and child.read_text() != "")
    pids = [watched.supervisor.children["web"].process.pid, int(child.read_text())]

    watched.supervisor.stop()

    assert not any(is_alive(pid) for pid in pids)


def test_a_step_that_fails_says_why(watched: Watched) -> None:
    code = "print('no such table'); raise SystemExit(1)"
    step = watched.supervisor.begin("migrate", (sys.executable, "-c", code))

    with pytest.raises(Failed, match=r"migrate failed \(exit code 1\)(.|\n)*no such table"):
        step.finish()


def test_a_signal_ends_a_start_and_its_step(watched: Watched) -> None:
    step = watched.supervisor.begin("migrate", (sys.executable, "-c", SLEEP))

    watched.supervisor.stopping.set()

    with pytest.raises(Stopped):
        step.finish()
    assert step.process.poll() is not None


def test_leftovers_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    orphan = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    bystander = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    record = {
        str(orphan.pid): psutil.Process(orphan.pid).create_time(),
        str(bystander.pid): 1.0,  # the number was used again: this is somebody else
    }
    (tmp_path / "processes.json").write_text(json.dumps(record))
    try:
        assert Watched(tmp_path).supervisor.end_leftovers() == 1

        assert orphan.wait(timeout=5) != 0
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_free_port_is_not_taken() -> None:
    assert not port_taken(four_free_ports())


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
