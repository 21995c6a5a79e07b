"""Inputs of searches in plain words: "published.blood_pressure" is "effect on blood pressure"."""

from __future__ import annotations

from results.report_measures import service_name, spoken
from results.report_standing import target_words

VERSIONS = ("plan", "published", "null", "inert")
ENDS = {
    "capacity_factor": "capacity of {}",
    "acceptance": "share who accept",
    "invitations_per_10000_a_year": "invitations a year",
    "months": "months of support",
    "drop_out_per_year": "share who drop out in a year",
    "coordinator_contacts": "contacts with the coordinator",
    "mdt_share": "share discussed at a team meeting",
    "link_worker_share": "share who see a link worker",
    "coordinators_per_10000": "care coordinators for 10,000 residents",
    "link_workers_per_10000": "link workers for 10,000 residents",
    "meetings_per_year": "team meetings a year",
}
WORDS = {"mdt": "team-meeting", "vcse": "voluntary-sector", "gp": "GP", "ae": "A&E", "ed": "A&E"}


def input_words(key: str) -> str:
    """Return an input's key in words; what is words already stays as it is."""
    if " " in key or not ("." in key or "_" in key):
        return key
    parts = key.split(".")
    if "published" in parts or "plan" in parts:
        version = next(part for part in parts if part in VERSIONS)
        place = parts.index(version)
        target = target_words(".".join(parts[place + 1 :])).removeprefix("need for ")
        owner = f" of {spoken('.'.join(parts[:place]))}" if place else ""
        which = "the plan’s effect" if version == "plan" else "effect"
        return f"{which}{owner} on {target}"
    if parts[0] == "demand":
        return f"effect on {target_words(key).removeprefix('need for ')}"
    last = parts[-1]
    if last in ENDS:
        return ENDS[last].format(service_name(parts[0]))
    if len(parts) > 2 and parts[-2] == "acceptance":
        return f"share who accept, fifth {last}"
    return " ".join(WORDS.get(word, word) for word in spoken(" ".join(parts)).split())
