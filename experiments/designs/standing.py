"""What stands behind a design's published effects: a study that was emulated, or nothing.

``carepath check designs`` emulates the study of each published effect (see
``experiments.emulation``) and stores what came out in ``emulation.csv``; for a design file of
the user's, ``carepath check designs FILE`` stores it in ``NAME.emulation.csv`` beside the file.
A row belongs to a component exactly as it is written: change a parameter or an effect, and the
row no longer counts until the check is run again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from agents.evidence import Row
from pathways.components import Component, Offer, ProactivePathway
from pathways.design import INSIDE, NO_STUDY, NOT_EMULATED, Design, Effect

STORE = Path(__file__).parents[2] / "calibration" / "parameters" / "emulation.csv"
COLUMNS = (
    "claim",
    "design",
    "component",
    "target",
    "study",
    "published",
    "low",
    "high",
    "unit",
    "simulated",
    "simulated_low",
    "simulated_high",
    "people",
    "replications",
    "result",
    "program_version",
)
# A study that a published effect may rest on: somebody was compared with somebody else.
GRADES = ("high", "moderate", "low")
FINDINGS = ("benefit", "no_effect", "harm_or_increase", "mixed")

Stored = Mapping[tuple[str, str, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A component of a design with its published effects, and the pathway it is an offer of."""

    design: str
    component: Component
    pathway: ProactivePathway | None
    effects: tuple[Effect, ...]

    @property
    def claim(self) -> str:
        """A short code of all that decides what an emulation of this part shows."""
        bare = replace(self.component, name="", starts_day=0.0, places=())
        of = replace(self.pathway, name="") if self.pathway else None
        if isinstance(bare, Offer):
            bare = replace(bare, of="")
        sizes = sorted(
            (one.target, one.change, one.builds_over_years, one.fades_over_years, one.evidence)
            for one in self.effects
        )
        return blake2b(repr((bare.kind, bare, of, sizes)).encode(), digest_size=6).hexdigest()


def parts_of(design: Design) -> tuple[Part, ...]:
    """Return the parts of ``design`` that have published effects."""
    components = list(design.components)
    if design.people and design.reach and design.support:
        own = ProactivePathway(
            name="", people=design.people, reach=design.reach, support=design.support
        )
        components.insert(0, own)
    pathways = {one.name: one for one in components if isinstance(one, ProactivePathway)}
    found = []
    for one in components:
        effects = tuple(each for each in design.acting("published") if each.component == one.name)
        if effects:
            of = pathways.get(one.of) if isinstance(one, Offer) else None
            part = Part(design=design.name, component=one, pathway=of, effects=effects)
            found.append(part)
    return tuple(found)


def is_study(row: Row | None) -> bool:
    """Say whether an evidence row is a study of an effect: compared, graded, not a claim."""
    return bool(
        row
        and row.get("kind") == "published_effect"
        and row.get("evidence_grade") in GRADES
        and row.get("finding") in FINDINGS
        and row.get("basis") != "assumption"
    )


def with_standing(design: Design, studies: Mapping[str, Row], stored: Stored) -> Design:
    """Return ``design`` whose published effects say what stands behind each of them."""
    claims = {part.component.name: part.claim for part in parts_of(design)}

    def standing(effect: Effect) -> str:
        if not is_study(studies.get(effect.evidence)):
            return NO_STUDY
        row = stored.get((claims[effect.component], effect.target, effect.evidence))
        return row["result"] if row else NOT_EMULATED

    effects = tuple(
        replace(one, standing=standing(one)) if one.version == "published" else one
        for one in design.effects
    )
    return replace(design, effects=effects)


def beside(file: str | Path) -> Path:
    """Return where what came out for a design file of the user's is stored: beside it."""
    return Path(file).with_suffix(".emulation.csv")


def stored_for(name_or_path: str | Path) -> Stored:
    """Return what is stored for a design: the program's table, and the file's own beside it."""
    text = str(name_or_path)
    own = read_stored(beside(text)) if text.endswith(".toml") else {}
    return {**read_stored(), **own}


def read_stored(path: Path = STORE) -> Stored:
    """Return the stored emulations by claim, target and study; none where there is no file."""
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else {}


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> Stored:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    needed = ("claim", "target", "study", "result")
    return {
        (row["claim"], row["target"], row["study"]): row
        for row in rows
        if all(row.get(name) for name in needed)
    }


def why_assumed(design: Design) -> list[str]:
    """Return a sentence for each part of ``design`` that rests on assumption."""
    words = {
        NO_STUDY: "no study stands behind it",
        NOT_EMULATED: "its study has not been emulated",
    }
    lines = []
    for name in design.assumed_parts:
        own = [one for one in design.acting("published") if one.component == name]
        poor = [one for one in own if one.standing != INSIDE]
        told = _once(
            f"{one.target} ({one.evidence}): "
            + words.get(one.standing, "the emulation of its study came out outside the published")
            for one in poor
        )
        lines.append(
            f"{name or design.name}: {'; '.join(told) or 'a plan and no published effect'}"
        )
    return lines


def _once(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
