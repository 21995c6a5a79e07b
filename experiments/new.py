"""A commented experiment file to start from."""

from __future__ import annotations

from pathlib import Path

from agents.faults import BadInput, Fault
from experiments.checking import quoted
from experiments.folder import slug

TEMPLATE = Path(__file__).parent / "template.toml"


def write_template(file: Path) -> None:
    """Write the template as ``file``, named after it; never over a file that exists.

    Raises
    ------
    BadInput
        If there is such a file already, its name does not end in ``.toml``, or it cannot be
        written.
    """
    if file.suffix != ".toml":
        raise _refused(file, quoted(file.suffix), "a name that ends in .toml", "add .toml")
    text = TEMPLATE.read_text(encoding="utf-8")
    try:
        with file.open("x", encoding="utf-8") as lines:
            lines.write(text.replace('"my-experiment"', f'"{slug(file.stem)}"', 1))
    except FileExistsError:
        found, remedy = "a file that exists", "choose another name; nothing was changed"
        raise _refused(file, found, "a new file", remedy) from None
    except (OSError, ValueError) as error:
        found = (getattr(error, "strerror", None) or str(error)).lower()
        allowed = "a file in a folder that you may write in"
        raise _refused(file, found, allowed, "choose another folder") from None


def _refused(file: Path, found: str, allowed: str, remedy: str) -> BadInput:
    return BadInput(
        [
            Fault(
                where="command line",
                key=f"FILE {quoted(str(file))}",
                found=found,
                allowed=allowed,
                remedy=remedy,
            )
        ]
    )
