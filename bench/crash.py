"""Watch crash over many real sockets: `python -m bench.crash --live ws://127.0.0.1:8001 --origin http://127.0.0.1:8000`.

Against a casino that runs (`manage.py demo` prints both addresses). Every socket has to see the same
rounds end at the same points, each proven by its link; the table says how far apart they heard it.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

OPENED_AT_ONCE = 25
ROUND_SECONDS_MAX = 240


@dataclass
class Watcher:
    """One socket: when it was told of each end, and what it was told."""

    state_ms: float = 0.0
    ended: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)


def main() -> None:
    options = _options()
    watchers, opened = asyncio.run(_watch(options))
    sys.path.insert(0, ".")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.dev")
    _report(watchers, opened)


async def _watch(options: argparse.Namespace) -> tuple[list[Watcher], float]:
    turnstile = asyncio.Semaphore(OPENED_AT_ONCE)
    watchers = [Watcher() for _ in range(options.sockets)]
    all_in = asyncio.Event()
    count = 0
    begun = time.monotonic()
    opened = 0.0

    async def follow(watcher: Watcher) -> None:
        nonlocal count, opened
        async with turnstile:
            at = time.monotonic()
            socket = await connect(
                f"{options.live}/ws/?watch=crash", origin=options.origin, open_timeout=60
            )
            await _next(socket)
            watcher.state_ms = (time.monotonic() - at) * 1000
        count += 1
        if count == options.sockets:
            opened = time.monotonic() - begun
            all_in.set()
        async with socket:
            heard: set[str] = set()
            while len(heard) < options.rounds:
                round_ = (await _next(socket))["data"].get("round")
                if round_ is None or round_["point"] is None or not all_in.is_set():
                    continue
                watcher.ended.setdefault(round_["id"], (time.monotonic(), round_))
                heard.add(round_["id"])

    async with asyncio.timeout(60 + options.rounds * ROUND_SECONDS_MAX):
        await asyncio.gather(*(follow(watcher) for watcher in watchers))
    return watchers, opened


async def _next(socket: ClientConnection) -> dict[str, Any]:
    """The next frame of the stream `crash`."""
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame.get("stream") == "crash":
            return frame


def _report(watchers: list[Watcher], opened: float) -> None:
    from apps.originals.fairness import crash as curve

    states = sorted(watcher.state_ms for watcher in watchers)
    print(f"{len(watchers)} sockets open after {opened:.1f} s")
    print(f"first state: median {statistics.median(states):.0f} ms, worst {states[-1]:.0f} ms")
    common = set.intersection(*(set(watcher.ended) for watcher in watchers))
    assert common, "no round was seen by every socket"
    spreads = []
    for name in sorted(common):
        told = [watcher.ended[name] for watcher in watchers]
        shown = {(round_["point"], round_["link"]) for _, round_ in told}
        assert len(shown) == 1, f"round {name} ended at different points: {shown}"
        [(point, link)] = shown
        salt = told[0][1]["salt"]
        assert curve.point(link, salt) == point, f"round {name} does not follow from its link"
        times = [at for at, _ in told]
        spreads.append((max(times) - min(times)) * 1000)
        print(f"round {name}: {point / 100:.2f}x on all, first to last {spreads[-1]:.0f} ms")
    print(
        json.dumps(
            {
                "sockets": len(watchers),
                "rounds": len(common),
                "worst_spread_ms": round(max(spreads)),
            }
        )
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", default="ws://127.0.0.1:8001", help="where the sockets are")
    parser.add_argument("--origin", default="http://127.0.0.1:8000", help="where the pages are")
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
