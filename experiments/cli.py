"""The command line. Heavy imports stand inside the commands, so that --help is quick."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import typer

from agents.faults import BadInput
from experiments.commands import fitting, looking, runs, searches
from experiments.commands.options import BAD_INPUT, DONE, FAILED, app, run_words

GROUPS = (runs, searches, fitting, looking)  # importing a group adds its commands to the program
__all__ = ["BAD_INPUT", "DONE", "answer", "app", "main"]


def main() -> None:
    """Run the program and end with its exit code."""
    sys.exit(answer(sys.argv[1:]))


def answer(arguments: list[str]) -> int:
    """Do what ``arguments`` ask and return the exit code: 0 done, 1 failed, 2 bad input."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console may lack a character
    try:
        run_words(arguments or ["--help"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else DONE
    except BadInput as bad:
        return _told(bad.faults)
    except Exception as error:
        return _told([_sentence(error)], _code(error))
    return DONE


def _told(lines: Iterable[object], code: int = BAD_INPUT) -> int:
    for line in lines:
        typer.echo(_harmless(str(line)), err=True)
    return code


def _harmless(text: str) -> str:
    """Return ``text`` with nothing in it that a terminal obeys."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _sentence(error: Exception) -> str:
    """Return in a sentence what the world did; let the program's own faults be seen."""
    from experiments.folder import FolderBusyError

    if isinstance(error, FolderBusyError):
        return str(error)
    if isinstance(error, OSError):
        name = f" ({error.filename})" if error.filename else ""
        return f"{(error.strerror or str(error)).capitalize()}{name}. What was finished is kept."
    raise error


def _code(error: Exception) -> int:
    return FAILED if isinstance(error, OSError) else BAD_INPUT


if __name__ == "__main__":
    main()
