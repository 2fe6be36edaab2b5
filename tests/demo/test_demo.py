"""How the demo's commands refuse. That it starts, heals itself and stops is a journey (tests/journeys)."""

import socket
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.demo.conftest import HOST, four_free_ports
from tests.demo.running import manage


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
    assert "Choose from support, payments, finance" in refused.stderr
    assert refused.stdout == ""


def test_a_code_without_a_running_demo_says_how_to_start_it(environment: dict[str, str]) -> None:
    refused = manage(environment, "demo_otp", "finance")

    assert refused.returncode == 1
    assert "python manage.py demo" in refused.stderr
