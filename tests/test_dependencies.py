"""What the program is built from: its licences, and whether a fault of it is known.

The licences are read from what is installed. Known vulnerabilities are asked of the public
database of open-source vulnerabilities; without a network that is skipped, and says so.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
DATABASE = "https://api.osv.dev/v1/querybatch"
SECONDS = 5.0
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|CC0|Zlib|0BSD"
    r"|Unlicense|Historical Permission Notice|matplotlib|Public Domain|MIT-CMU)\b",
    re.IGNORECASE,
)
STRICT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
# Known faults that do not touch how the program uses a package, each with the reason.
ACCEPTED: dict[str, str] = {}


def locked() -> dict[str, str]:
    """Return the version of each locked package."""
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK.read_text(), re.MULTILINE)
    return dict(pinned)


def installed() -> dict[str, Distribution]:
    """Return the locked packages that this machine has (some are for other systems)."""
    found = {}
    for name in locked():
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
    return found


def licence_of(package: Distribution) -> str:
    """Return what a package says of its licence: expression, classifiers or free text."""
    about = package.metadata
    classifiers = about.get_all("Classifier") or []
    said = [line.split("::")[-1] for line in classifiers if line.startswith("License ::")]
    said += [about[key] for key in ("License-Expression", "License") if about[key]]
    return " | ".join(text.strip().splitlines()[0] for text in said if text.strip())


def test_most_of_the_lock_is_installed() -> None:
    assert len(installed()) > 0.8 * len(locked()) > 30


@pytest.mark.parametrize("name", sorted(installed()))
def test_a_dependency_has_a_permissive_licence(name: str) -> None:
    licence = licence_of(installed()[name])
    assert PERMISSIVE.search(licence), f"{name} says {licence!r}"
    assert not STRICT.search(licence), f"{name} says {licence!r}"


def test_no_locked_version_has_a_known_vulnerability() -> None:
    packages = locked()
    asked = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in packages.items()
    ]
    request = urllib.request.Request(
        DATABASE,
        data=json.dumps({"queries": asked}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            results = json.load(answer)["results"]
    except (urllib.error.URLError, TimeoutError, OSError, ValueError) as error:
        pytest.skip(f"known vulnerabilities were not looked up: no answer ({error})")
    known = {
        f"{name} {version}: {fault['id']}"
        for (name, version), result in zip(packages.items(), results, strict=True)
        for fault in result.get("vulns", [])
        if fault["id"] not in ACCEPTED
    }
    assert not known
