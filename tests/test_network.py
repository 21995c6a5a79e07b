"""Ties: made alike whoever asks, more among similar people, changed by death and by groups."""

from __future__ import annotations

import time
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import calibration
from agents.evidence import Evidence
from agents.luck import Luck
from agents.network import KINDS, Network, isolation_ratios
from agents.population import Population
from agents.synthesis import synthesise
from agents.traits import settle_traits
from experiments.places import load_place

EVIDENCE = Path(calibration.__file__).parent / "evidence"


def made(n: int = 6000, years: int = 1) -> Population:
    evidence = Evidence(EVIDENCE)
    return synthesise(load_place("southwark", evidence), n, years, Luck(5), evidence)


@pytest.fixture(scope="module")
def settled() -> tuple[Population, Network]:
    people, evidence = made(20_000), Evidence(EVIDENCE)
    network = Network(people, Luck(5), evidence)
    settle_traits(people, Luck(5), evidence, network)
    return people, network


def test_the_same_people_have_the_same_ties() -> None:
    one, again = (Network(made(), Luck(5), Evidence(EVIDENCE)) for _ in range(2))
    assert np.array_equal(one.who, again.who)
    assert np.array_equal(one.whom, again.whom)
    other = Network(made(), Luck(6), Evidence(EVIDENCE))
    assert not np.array_equal(one.who[:1000], other.who[:1000])


def test_a_tie_joins_two_different_grown_people_once(settled: tuple[Population, Network]) -> None:
    people, network = settled
    assert (network.who < network.whom).all()
    assert len(set(zip(network.who.tolist(), network.whom.tolist(), strict=True))) == len(
        network.who
    )
    age = (people.entry_day - people.birth_day) / 365.25
    assert age[network.who].min() >= 16
    assert age[network.whom].min() >= 16
    assert network.ties().sum() == 2 * len(network.who)


def test_numbers_of_ties_are_skewed_about_their_published_mean(
    settled: tuple[Population, Network],
) -> None:
    people, network = settled
    evidence = Evidence(EVIDENCE)
    grown = np.flatnonzero(people.present(0.0) & (people.age(0.0) >= 18))
    for kind, name in enumerate(KINDS[1:], start=1):
        ends = np.concatenate(
            [network.who[network.kind == kind], network.whom[network.kind == kind]]
        )
        each = np.bincount(ends, minlength=len(people))[grown]
        wanted = evidence.value("network", key=f"ties.{name}")
        assert each.mean() == pytest.approx(wanted, rel=0.12)
        assert np.median(each) < each.mean()
    assert 0 < (network.ties(grown) <= 1).mean() < 0.08


def test_similar_people_tie_more(settled: tuple[Population, Network]) -> None:
    people, network = settled
    peers = network.kind == KINDS.index("peers")
    who, whom = network.who[peers], network.whom[peers]
    apart = np.abs(people.birth_day[who] - people.birth_day[whom]) / 365.25
    anybody = np.abs(people.birth_day[who] - people.birth_day[whom[::-1]]) / 365.25
    assert np.median(apart) < 0.5 * np.median(anybody)
    for column in (people.ethnicity, people.locality):
        same = (column[who] == column[whom]).mean()
        assert same > 1.8 * (column[who] == column[whom[::-1]]).mean()


def test_the_lonely_have_fewer_ties_and_their_published_share(
    settled: tuple[Population, Network],
) -> None:
    people, network = settled
    evidence = Evidence(EVIDENCE)
    grown = people.present(0.0) & (people.age(0.0) >= 18)
    ties = network.ties()
    assert ties[grown & people.isolated].mean() < 0.75 * ties[grown & ~people.isolated].mean()
    for fifth in (1, 2, 3):
        here = grown & (people.imd_quintile == fifth)
        published = evidence.value(
            "person_risk",
            trait="loneliness",
            category="often or always",
            imd_quintile=str(fifth),
        )
        error = np.sqrt(0.07 / here.sum())
        assert people.isolated[here].mean() == pytest.approx(published / 100, abs=4 * error)


def test_settling_again_without_change_changes_nobody(settled: tuple[Population, Network]) -> None:
    people, network = settled
    assert not network.update(np.flatnonzero(people.present(0.0))).size


def test_bereavement_makes_some_lonely_and_time_heals_most_of_it() -> None:
    people, evidence = made(4000, 0), Evidence(EVIDENCE)
    network = Network(people, Luck(5), evidence)
    settle_traits(people, Luck(5), evidence, network)
    before = people.isolated.copy()
    dead = np.flatnonzero((people.birth_day < -60 * 365) & (people.person % 2 == 0))
    changed = network.bereaved(dead, 10.0)
    assert changed.size > 5
    assert set(changed) <= set(network.of(dead))
    assert (people.isolated & ~before).sum() == changed.size
    assert not (before & ~people.isolated).any()
    assert not network.mourned(700.0).size
    network.mourned(800.0)
    assert (people.isolated & ~before).sum() < 0.5 * changed.size


def test_meeting_in_a_group_frees_some_from_isolation_and_fades() -> None:
    people, evidence = made(6000, 0), Evidence(EVIDENCE)
    network = Network(people, Luck(5), evidence)
    settle_traits(people, Luck(5), evidence, network)
    lonely = np.flatnonzero(people.isolated)
    assert not network.met_in_group(lonely[:1], 0.0).size  # nobody to meet
    for week in range(10):
        network.met_in_group(lonely, 7.0 * week)
    freed = (~people.isolated[lonely]).mean()
    assert 0.1 < freed < 0.5
    network.fade(20 * 365.0)
    assert (~people.isolated[lonely]).mean() < 0.2 * freed


def test_a_networkx_view_shows_the_same_ties(settled: tuple[Population, Network]) -> None:
    people, network = settled
    rows = np.flatnonzero(people.present(0.0) & (people.locality == 0))[:800]
    graph = network.graph(rows)
    assert isinstance(graph, nx.Graph)
    inside = np.isin(network.who, rows) & np.isin(network.whom, rows)
    assert graph.number_of_edges() == inside.sum() > 50
    kinds = set(nx.get_edge_attributes(graph, "kind").values())
    assert kinds <= set(KINDS)


def test_only_the_causal_part_of_isolation_acts() -> None:
    ratios = isolation_ratios(Evidence(EVIDENCE))
    assert ratios["emergency_admission"] == 1.0
    assert 1.0 < ratios["practice_consultation"] < 1.09
    more = Evidence(EVIDENCE, {"network.causal_share.emergency_admission": 1.0})
    assert isolation_ratios(more)["emergency_admission"] == pytest.approx(1.15)


@pytest.mark.slow
def test_fifty_thousand_people_are_tied_within_two_seconds() -> None:
    people, evidence = made(50_000, 10), Evidence(EVIDENCE)
    began = time.process_time()
    Network(people, Luck(5), evidence)
    assert time.process_time() - began < 2.0
