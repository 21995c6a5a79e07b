"""What the stage of service use and control comes to, in sentences."""

from __future__ import annotations

import pandas as pd

from calibration.checks import MISS, NEAR
from calibration.matching.outcome import WEAKLY, listed
from calibration.matching.use_stage import Use
from calibration.matching.use_targets import UNMATCHED
from calibration.targets import CALIBRATE, HOLDOUT


def use_scores(use: Use | None) -> list[str]:
    """Return how many figures of service use and control are near enough, by role."""
    if use is None:
        return []
    sentences = []
    for role, words in ((CALIBRATE, "fitted"), (HOLDOUT, "held out")):
        rows = use.table[use.table["role"] == role]
        near = int((rows["verdict"] == NEAR).sum())
        sentences.append(
            f"service use and control, {words}: {near} of {len(rows)} ({near / len(rows):.0%}) "
            "near enough"
        )
    return sentences


def use_sentences(use: Use | None) -> list[str]:
    """Return what was fitted, what is taken and why, and what the figures tell."""
    if use is None:
        return [
            "A place takes the nation's terms of demand and shares treated to target, draw by "
            "draw; its levels follow from its people."
        ]
    own = use.terms[use.terms["taken"]]
    told = own[own["posterior_over_prior"] < WEAKLY]
    names = [key.split(".", 1)[1].replace("_", " ").replace(".", " ") for key in told["key"]]
    taken = [name.replace("_", " ") for name in use.taken]
    unmatched = int((use.table["role"] == UNMATCHED).sum())
    return [
        f"{len(use.terms)} terms of demand (how use differs by number of conditions, age, fifth "
        "and frailty) were fitted to published use on the people of the best set, in closed "
        "form, with their published ranges as prior. The level of every service is held.",
        " ".join(f"{score[0].upper()}{score[1:]}." for score in use_scores(use)),
        "A fitted term is taken only where the held-out figures of its services come closer and "
        "the fitted ones go no further off; so these held-out figures chose, and are no longer "
        f"a test from outside. Taken: {listed(taken) if taken else 'none'}. Elsewhere the terms "
        "stay as published and are drawn from their ranges.",
        "The central values of many terms were themselves worked out from some of these "
        "figures on other people, so prior and figures are not independent; the prior is wide "
        "(30 to 50 per cent of most terms).",
        f"Of {len(own)} terms taken, the figures halve what is unknown of {len(told)}"
        + (f": {listed(names)}." if names else "."),
        f"{unmatched} rows of the evidence are like nothing that the model counts; tables/use.csv "
        "says why, row by row. Shares treated to target keep their published intervals, which "
        "the draws carry.",
    ]


def missed_use(use: Use) -> pd.DataFrame:
    """Return the figures that are missed, the furthest first."""
    rows = use.table[use.table["verdict"] == MISS]
    rows = rows.assign(away=rows["miss"].abs()).sort_values("away", ascending=False)
    columns = ["service", "group", "measure", "role", "published", "before", "after", "source"]
    shown: pd.DataFrame = rows[columns]
    return shown
