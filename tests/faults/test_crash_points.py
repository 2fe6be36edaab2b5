"""Points to die at are for tests: unarmed they do nothing, and production will not have them."""

import os
import subprocess
import sys
from typing import Any

from apps.core import crash_points
from tests.faults.processes import Marks
from tests.wallet.surroundings import ROOT


def test_production_refuses_to_start_with_them() -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "casino.settings.production",
            "CRASH_DIR": "/srv/marks",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 1
    assert "ImproperlyConfigured: Unset CRASH_DIR" in started.stderr


def test_a_mark_is_nothing_without_the_folder(marks: Marks) -> None:
    marks.arm("here")

    crash_points.reach("here")

    assert marks.is_armed("here")
    (marks.folder / "here").unlink()


def test_a_point_nobody_armed_is_passed(marks: Marks, settings: Any) -> None:
    settings.CRASH_DIR = str(marks.folder)
    marks.arm("there")

    crash_points.reach("here")

    assert marks.is_armed("there")
    (marks.folder / "there").unlink()


def test_a_process_dies_once_at_an_armed_point(marks: Marks) -> None:
    marks.arm("here")
    go = "import django; django.setup(); from apps.core.crash_points import reach\n"
    ended = []

    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", go + "reach('here'); print('alive')"],
            cwd=ROOT,
            env=os.environ | {"CRASH_DIR": str(marks.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        ended.append((done.returncode, done.stdout))

    assert ended == [(-9, ""), (0, "alive\n")]
