"""Who is close to whom: ties within households, neighbourhoods and circles of peers.

Ties are two arrays of rows (who, with whom), made once for everyone who ever lives here. They
come from matching: everyone puts as many open hands as they have ties of a kind in a line
ordered by place, group and age with some noise, and hands next to each other are joined, so
that similar people tie more. Few ties make people lonely; deaths take ties away for a while
and meeting in a group adds some.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from agents.evidence import Evidence
from agents.luck import Luck
from agents.population import DAYS_PER_YEAR, Population

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


TABLE = "network"
KINDS = ("household", "neighbours", "peers")
_FEW_AT_HOME = 12  # a home of more is an institution: it makes nobody a tie of everybody else


class Network:
    """The ties of a population.

    Parameters
    ----------
    population : read; ``isolated`` is set by ``update``
    luck : the people's luck
    evidence : table ``network``

    Attributes
    ----------
    who, whom : (n_ties,) rows of the two people of each tie; every tie stands once
    kind : (n_ties,) index into ``KINDS``
    lost, gained : (n,) ties that deaths have taken and that groups have given
    """

    def __init__(self, population: Population, luck: Luck, evidence: Evidence) -> None:
        self._people, self._luck, self._evidence = population, luck, evidence
        age = population.age_at_entry()
        self._grown = np.flatnonzero(age >= self._number("ties.from_age"))
        ties = [self._at_home(), self._matched("neighbours"), self._matched("peers")]
        pairs: Rows = np.concatenate(ties)
        kinds = np.repeat(np.arange(len(KINDS)), [len(each) for each in ties])
        _, first = np.unique(pairs[:, 0] * len(population) + pairs[:, 1], return_index=True)
        self.who, self.whom = pairs[first, 0], pairs[first, 1]
        self.kind = kinds[first].astype(np.int8)
        self._starts, self._others = _listed(self.who, self.whom, len(population))
        self._made = np.diff(self._starts)
        self.lost, self.gained = np.zeros(len(population)), np.zeros(len(population))
        self._coming_back: deque[tuple[float, Rows]] = deque()
        self._met_on = np.zeros(len(population))
        self._threshold: Floats | None = None
        self._slope = self._number("lonely.log_ratio_per_tie")

    def _number(self, key: str) -> float:
        return self._evidence.value(TABLE, key=key)

    # ---------------------------------------------------------------- making ties

    def _at_home(self) -> Rows:
        """Return everyone's ties to those they live with, as (k, 2) rows."""
        rows = self._grown
        order = rows[np.argsort(self._people.household[rows], kind="stable")]
        home = self._people.household[order]
        pairs = [np.empty((0, 2), np.int64)]
        for apart in range(1, _FEW_AT_HOME):
            same = np.flatnonzero(home[apart:] == home[:-apart])
            pairs.append(np.stack([order[same], order[same + apart]], axis=1))
        return np.sort(np.concatenate(pairs), axis=1)

    def _matched(self, kind: str) -> Rows:
        """Return ties of one kind, as (k, 2) rows, the lower row first."""
        hands = np.repeat(self._grown, self._numbers_of_ties(kind))
        if not hands.size:
            return np.empty((0, 2), np.int64)
        nth = np.arange(hands.size) - np.searchsorted(hands, hands)
        line = self._places_in_line(kind, hands, nth)
        hands = hands[np.argsort(line, kind="stable")]
        pairs: Rows = hands[: hands.size // 2 * 2].reshape(-1, 2)
        apart = self._people.household[pairs[:, 0]] != self._people.household[pairs[:, 1]]
        return np.sort(pairs[apart], axis=1)

    def _numbers_of_ties(self, kind: str) -> Rows:
        """Return how many ties of a kind each grown person has: lognormal, rounded by luck."""
        person, spread = self._people.person[self._grown], self._number("ties.spread")
        scores = self._luck.normals("ties", person)
        wanted = self._number(f"ties.{kind}") * np.exp(spread * scores - spread**2 / 2)
        wanted = np.minimum(wanted, self._number("ties.most"))
        rounded = np.floor(wanted + self._luck.uniforms(f"ties.{kind}.part", person))
        return rounded.astype(np.int64)

    def _places_in_line(self, kind: str, hands: Rows, nth: Rows) -> Floats:
        """Return where each open hand stands: block by block, by age with noise within each."""
        people, person = self._people, self._people.person[hands]
        noise = self._luck.normals(f"ties.{kind}.age", person, nth)
        born = people.birth_day[hands] / DAYS_PER_YEAR
        within = born + self._number(f"similar.age.{kind}") * noise / np.sqrt(2.0)
        block = people.locality[hands].astype(np.int64)
        if kind == "peers":
            here = self._keeps("locality", person, nth)
            alike = self._keeps("ethnicity", person, nth)
            block = np.where(here, block + 1, 0) * (len(people.ethnic_groups) + 1)
            block += np.where(alike, people.ethnicity[hands] + 1, 0)
        block = 2 * block + (people.entry_day[hands] > 0)  # newcomers tie with newcomers
        within = (within - within.min()) / max(float(np.ptp(within)), 1e-9)
        place: Floats = block + 0.999 * within
        return place

    def _keeps(self, trait: str, person: Rows, nth: Rows) -> Bools:
        share = self._number(f"similar.{trait}.peers")
        kept: Bools = self._luck.uniforms(f"ties.peers.{trait}", person, nth) < share
        return kept

    # ---------------------------------------------------------------- ties as they are

    def ties(self, rows: Rows | slice = slice(None)) -> Floats:
        """Return how many ties each of ``rows`` has now."""
        now: Floats = np.maximum(self._made[rows] - self.lost[rows], 0.0) + self.gained[rows]
        return now

    def of(self, rows: Rows) -> Rows:
        """Return everyone tied to each of ``rows``, once for each tie."""
        lengths = self._made[rows]
        first = np.repeat(self._starts[rows] - np.cumsum(lengths) + lengths, lengths)
        others: Rows = self._others[first + np.arange(first.size)]
        return others

    def loneliness(self, rows: Rows | slice = slice(None)) -> Floats:
        """Return what ties make of each person's chance to be often lonely, 1 with none."""
        ratio: Floats = np.exp(self._slope * self.ties(rows))
        return ratio

    def settle(self, chance: Floats, drawn: Floats) -> None:
        """Take over who is lonely at the baseline: those whose ``drawn`` is under ``chance``.

        From then on a person is isolated while their ties make their chance exceed it.
        """
        at_baseline = np.maximum(chance, 1e-12)
        self._threshold = drawn / at_baseline * self.loneliness()

    def update(self, rows: Rows) -> Rows:
        """Set who of ``rows`` is isolated by the ties of now; return those who changed."""
        if self._threshold is None or not rows.size:
            return np.empty(0, np.int64)
        rows = np.unique(rows)
        isolated = self._threshold[rows] < self.loneliness(rows)
        changed: Rows = rows[isolated != self._people.isolated[rows]]
        self._people.isolated[rows] = isolated
        return changed

    # ---------------------------------------------------------------- ties that change

    def bereaved(self, rows: Rows, day: float) -> Rows:
        """Take from those left behind their ties to ``rows``, who died; return who changed.

        Most lost ties are made good after a time, others never.
        """
        left = self.of(rows)
        if not left.size:
            return left
        np.add.at(self.lost, left, 1.0)
        lucky = self._luck.uniforms("ties.made_good", self._people.person[left], int(day))
        again = left[lucky < self._number("bereavement.made_good")]
        self._coming_back.append((day + self._number("bereavement.lost_for_days"), again))
        return self.update(left)

    def mourned(self, day: float) -> Rows:
        """Give back the ties that are made good by ``day``; return whose isolation changed."""
        back = [np.empty(0, np.int64)]
        while self._coming_back and self._coming_back[0][0] <= day:
            back.append(self._coming_back.popleft()[1])
        rows = np.concatenate(back)
        np.subtract.at(self.lost, rows, 1.0)
        return self.update(rows)

    def met_in_group(self, rows: Rows, day: float) -> Rows:
        """Add what a session with others gives to each of ``rows``; return who changed.

        Ties made earlier in groups have faded since the last session. Nobody makes ties in a
        group of one.
        """
        rows = np.unique(rows)
        if rows.size < 2:
            return np.empty(0, np.int64)
        self._fade(rows, day)
        self.gained[rows] += self._number("group.ties_gained")
        return self.update(rows)

    def fade(self, day: float) -> Rows:
        """Let ties made in groups fade up to ``day``; return whose isolation changed."""
        rows = np.flatnonzero(self.gained > 0)
        self._fade(rows, day)
        return self.update(rows)

    def _fade(self, rows: Rows, day: float) -> None:
        years = (day - self._met_on[rows]) / DAYS_PER_YEAR
        self.gained[rows] *= (1.0 - self._number("group.lost_per_year")) ** np.maximum(years, 0.0)
        self._met_on[rows] = day

    # ---------------------------------------------------------------- a view to draw and study

    def graph(self, rows: Rows | None = None) -> Any:
        """Return the ties among ``rows`` (everyone, unless given) as a ``networkx.Graph``.

        Nodes are rows with ``person``, ``age`` (on day 0), ``ethnicity`` and ``locality``;
        ties have a ``kind``.
        """
        import networkx as nx

        people = self._people
        rows = self._grown if rows is None else rows
        inside = np.isin(self.who, rows) & np.isin(self.whom, rows)
        graph: Any = nx.Graph()
        ages = people.age(0.0)
        for row in rows.tolist():
            graph.add_node(
                row,
                person=int(people.person[row]),
                age=float(ages[row]),
                ethnicity=people.ethnic_groups[people.ethnicity[row]],
                locality=int(people.locality[row]),
            )
        ends = zip(self.who[inside].tolist(), self.whom[inside].tolist(), strict=True)
        kinds = self.kind[inside].tolist()
        graph.add_edges_from(
            (who, whom, {"kind": KINDS[kind]})
            for (who, whom), kind in zip(ends, kinds, strict=True)
        )
        return graph


def isolation_ratios(evidence: Evidence) -> dict[str, float]:
    """Return by process what isolation does to the rate of need, the part taken as cause."""
    ratios = {}
    for row in evidence.rows(TABLE):
        name, _, process = row["key"].partition(".")
        if name == "isolation":
            share = evidence.value(TABLE, key=f"causal_share.{process}")
            ratios[process] = float(evidence.value(TABLE, key=row["key"]) ** share)
    return ratios


def _listed(who: Rows, whom: Rows, n: int) -> tuple[Rows, Rows]:
    """Return where each person's ties start, (n + 1,), and with whom they are, in order."""
    ends, others = np.concatenate([who, whom]), np.concatenate([whom, who])
    order = np.argsort(ends, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=n))])
    return starts, others[order]
