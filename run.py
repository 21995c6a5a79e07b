#!/usr/bin/env python3
"""Set Carepath up on first use, then run it: the one command that a fresh machine needs.

python3 run.py              run the built-in comparison and say where its report is
python3 run.py test         check the code and run the tests (--slow: the long ones too)
python3 run.py ANYTHING     the same as `carepath ANYTHING`; try `python3 run.py --help`

Needs Python 3.11 or newer and, the first time, the internet. Everything is installed into
the folder .venv beside this file; delete that folder to undo it.
"""

# This file uses the standard library only, and words that Python 3.6 understands, so that
# an old Python can tell its user what to do.

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
ENVIRONMENT = ROOT / ".venv"
SCRIPTS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
STAMP = ENVIRONMENT / "carepath-setup.json"  # what was set up; says "begun" until all is
LOG = ENVIRONMENT / "carepath-setup.log"
OLDEST = (3, 11)

MOST_WORKERS = 4  # tests side by side: each takes up to 2 GB of memory
CHECKS = (
    ("style", ("ruff", "check", ".")),
    ("layout", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
    ("who imports whom", ("lint-imports", "--no-logo")),
)

# What pip says when it fails, and what that means to the person who reads it.
REASONS = (
    (
        ("No space left", "Errno 28"),
        "The disk is full. Set-up needs about 1.5 GB. Make room, then run this again.",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "A downloaded package is not the one that requirements.lock names, so it was refused.\n"
        "A proxy or mirror may have changed it. Try another network; if it happens again,\n"
        "report it.",
    ),
    (
        (
            "NewConnectionError",
            "NameResolutionError",
            "Temporary failure",
            "ConnectTimeout",
            "ReadTimeout",
            "ProxyError",
            "SSLError",
            "Connection refused",
            "Max retries",
        ),
        "The packages could not be fetched: there is no connection to the package index.\n"
        "Set-up needs the internet once. Check the connection, then run this again. Behind a\n"
        "proxy set HTTPS_PROXY; with a mirror of your own set PIP_INDEX_URL.",
    ),
    (
        ("No matching distribution", "Could not find a version"),
        "There is no ready-made package for this Python on this machine.\n"
        "Use Python 3.11, 3.12 or 3.13 (64-bit), then run this again.",
    ),
)


class SetupError(Exception):
    """Set-up cannot go on; the message says why and what to do."""


def main(arguments: "list[str]") -> int:
    """Set up if need be and hand over to the program; return its exit code."""
    try:
        require_python()
        if not is_set_up():
            set_up()
    except SetupError as failure:
        print("\nCarepath is not set up yet.\n{}".format(failure), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run this again to finish setting up.", file=sys.stderr)
        return 130
    if arguments[:1] == ["test"]:
        return check(arguments[1:])
    return hand_over("carepath", arguments or ["run"])


def require_python() -> None:
    """Refuse a Python that is too old, and name a newer one if this machine has it."""
    if sys.version_info >= OLDEST:
        return
    found = newer_python()
    raise SetupError(
        "It needs Python {}.{} or newer; this is {}.\n{}".format(
            OLDEST[0],
            OLDEST[1],
            sys.version.split()[0],
            "This machine has a newer one. Type: {} run.py".format(found)
            if found
            else "Install a newer Python (3.12 is a good choice) and run this with it.",
        )
    )


def newer_python() -> "str | None":
    """Return the name of a command on the path that is a new enough Python, if any."""
    for minor in (13, 12, 11, 14):
        name = "python3.{}".format(minor)
        if shutil.which(name) and answers([name, "-c", "import venv"]):
            return name
    return None


def answers(command: "list[str]") -> bool:
    """Say whether ``command`` runs and succeeds."""
    try:
        quiet = subprocess.DEVNULL
        return subprocess.call(command, stdout=quiet, stderr=quiet, env=environment()) == 0
    except OSError:
        return False


def environment() -> "dict[str, str]":
    """Return the environment of the program: nothing on its path that could hide our code."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__")
    return {name: value for name, value in os.environ.items() if name not in hidden}


# --- set-up -----------------------------------------------------------------------------


def wanted() -> "dict[str, str]":
    """Return what a finished set-up of this checkout looks like."""
    # Line ends do not count: git may write them in either way.
    pins, project = (
        hashlib.sha256((ROOT / name).read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for name in (LOCK.name, "pyproject.toml")
    )
    return {"state": "done", "checkout": str(ROOT), "lock": pins, "project": project}


def stamp() -> "dict[str, str]":
    """Return what was set up last, or nothing where no set-up is known."""
    try:
        read = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def is_set_up() -> bool:
    """Say whether the environment holds exactly what this checkout asks for."""
    return stamp() == wanted() and PYTHON.exists() and answers([str(PYTHON), "-c", "pass"])


def set_up() -> None:
    """Make the environment, install the pinned packages and put this checkout on its path."""
    print("Setting Carepath up in {} (a few minutes, once) ...".format(ENVIRONMENT), flush=True)
    if not is_usable():
        make_environment()
    write_stamp(dict(wanted(), state="begun"))
    fetch_nothing_else = ("--no-deps", "--only-binary", ":all:", "--require-hashes")
    install("packages", *fetch_nothing_else, "--retries", "2", "-r", str(LOCK))
    print("  Linking the program ...", flush=True)
    install("program", "--no-deps", "--no-index", "--no-build-isolation", "-e", str(ROOT))
    write_stamp(wanted())
    print("Carepath is set up.\n", flush=True)


def is_usable() -> bool:
    """Say whether the environment that is here can be brought up to date in place.

    A set-up that was broken off, or made for another folder, cannot: what it installed may
    be half there.
    """
    last = stamp()
    if last and (last.get("state") != "done" or last.get("checkout") != str(ROOT)):
        return False
    new_enough = "import pip, sys; sys.exit(sys.version_info < {})".format(OLDEST)
    return PYTHON.exists() and answers([str(PYTHON), "-c", new_enough])


def make_environment() -> None:
    """Make a new, empty virtual environment in place of whatever is there."""
    if ENVIRONMENT.exists():
        print("  Removing an unfinished or broken environment ...", flush=True)
        shutil.rmtree(str(ENVIRONMENT), ignore_errors=True)
    print("  Making a virtual environment ...", flush=True)
    python = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [python, "-m", "venv", "--clear", str(ENVIRONMENT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        env=environment(),
        check=False,
    )
    if made.returncode:
        said = made.stdout.strip()
        shutil.rmtree(str(ENVIRONMENT), ignore_errors=True)
        help_with_venv = (
            "On Debian and Ubuntu type: sudo apt install python3-venv\nThen run this again.\n"
            if "ensurepip" in said
            else "Is the folder writable, and the disk not full?\n"
        )
        raise SetupError(
            "The virtual environment could not be made.\n{}It said: {}".format(help_with_venv, said)
        )


def write_stamp(content: "dict[str, str]") -> None:
    """Write down how far set-up has come."""
    STAMP.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def install(what: str, *options: str) -> None:
    """Run pip, show how far it is, keep all it says in the log, and explain a failure."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    pins = sum("==" in line for line in LOCK.read_text(encoding="utf-8").splitlines())
    heard = []
    pip = subprocess.Popen(
        [*command, "--progress-bar", "off", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        env=environment(),
    )
    with pip, LOG.open("a", encoding="utf-8", errors="replace") as log:
        for line in pip.stdout or ():
            log.write(line)
            heard.append(line.rstrip())
            if what == "packages":
                show_progress(heard, pins)
    if pip.returncode:
        raise SetupError(reason(heard))


def show_progress(heard: "list[str]", pins: int) -> None:
    """Say in plain words what pip's latest line means, a step at a time."""
    begun = ("Collecting ", "Processing ")
    if heard[-1].startswith(begun):
        done = sum(line.startswith(begun) for line in heard)
        if done % 10 == 1:
            print("  Fetching packages: {} of about {} ...".format(done, pins), flush=True)
    elif heard[-1].startswith("Installing collected"):
        print("  Unpacking them (the longest step) ...", flush=True)


def reason(heard: "list[str]") -> str:
    """Return why pip failed, in plain words, with its own last lines beneath."""
    said = "\n".join(heard)
    meanings = (meaning for signs, meaning in REASONS if any(sign in said for sign in signs))
    meaning = next(meanings, "The packages could not be installed. Run this again.")
    errors = [line for line in heard if line.startswith("ERROR")]
    last = "\n".join("    " + line for line in (errors or heard)[-5:])
    return "{}\n\n{}\n\nAll that was said is in {}".format(meaning, last, LOG)


# --- after set-up -----------------------------------------------------------------------


def tool(name: str) -> str:
    """Return the path of a command of the environment."""
    return str(SCRIPTS / (name + (".exe" if os.name == "nt" else "")))


def hand_over(name: str, arguments: "list[str]") -> int:
    """Become the command ``name``, so that signals and exit code are its own."""
    command = [tool(name), *arguments]
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, environment())
    return subprocess.call(command, env=environment())


def check(options: "list[str]") -> int:
    """Run every check of the code and then the tests; return 0 where all pass.

    The tests run on up to four cores, a file on one of them; ``-n 0`` runs them one by one.
    """
    failed = []
    for what, command in CHECKS:
        print("--- {}: {}".format(what, " ".join(command)), flush=True)
        if subprocess.call([tool(command[0]), *command[1:]], cwd=str(ROOT), env=environment()):
            failed.append(what)
    tests = ["pytest", "-n", str(min(os.cpu_count() or 1, MOST_WORKERS)), "--dist", "loadfile"]
    print("--- tests: {}".format(" ".join([*tests, *options])), flush=True)
    if subprocess.call([tool("pytest"), *tests[1:], *options], cwd=str(ROOT), env=environment()):
        failed.append("tests")
    if failed:
        print("Failed: {}".format(", ".join(failed)), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
