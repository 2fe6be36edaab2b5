import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"env\.(?:text|secret|integer|boolean|items|keys|choice)\(\s*\"([A-Z_]+)\"")
# Set by the demo for its own children only.
INTERNAL = {"DEMO_DATABASE_ROLE"}


def test_the_example_lists_every_setting() -> None:
    files = [*ROOT.glob("casino/**/*.py"), *ROOT.glob("apps/**/*.py")]
    read = {name for file in files for name in READ.findall(file.read_text())}

    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert read - INTERNAL - listed == set()
