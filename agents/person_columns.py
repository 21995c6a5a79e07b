"""Columns that are known of people before their health: taken apart and put together."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]


@dataclass(slots=True)
class People:
    """Columns that are known of a person before health; all of one length."""

    person: Rows
    birth_day: Floats
    sex: Small
    imd_quintile: Small
    ethnicity: Small
    household: Rows
    leader: Rows
    practice: npt.NDArray[np.int32]
    locality: npt.NDArray[np.int32]
    entry_day: Floats
    exit_day: Floats

    def __len__(self) -> int:
        return self.person.size


def joined(*groups: People) -> People:
    """Return the people of all ``groups``, in their order."""
    return People(
        **{
            column.name: np.concatenate([getattr(group, column.name) for group in groups])
            for column in fields(People)
        }
    )


def taken(people: People, rows: Rows) -> People:
    """Return copies of the people in ``rows``, as often as each is named."""
    return People(**{column.name: getattr(people, column.name)[rows] for column in fields(People)})
