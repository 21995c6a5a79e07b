"""Places: those that come with the program, and a user's own with every fault told at once."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from agents.evidence import Evidence
from agents.faults import BadInput
from agents.place import AGE_BANDS, BROAD_BANDS, ETHNIC_GROUPS
from experiments.folder import RunKey
from experiments.places import load_place
from experiments.planning import specs_of
from experiments.points import Point
from experiments.published_places import place_names
from experiments.resolving import read_experiment


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path | str, evidence: Evidence) -> dict[str, str]:
    with pytest.raises(BadInput) as caught:
        load_place(path, evidence)
    return {fault.key: str(fault) for fault in caught.value.faults}


def test_there_are_35_places_and_each_has_everything(evidence: Evidence) -> None:
    assert len(place_names()) == 35
    for name in place_names():
        place = load_place(name, evidence)
        assert place.key == name
        assert place.age_sex_share.shape == (len(AGE_BANDS), 2)
        assert place.age_sex_share.sum() == pytest.approx(1.0)
        assert place.imd_mix.sum() == pytest.approx(1.0)
        inhabited = place.imd_mix > 0
        assert place.age_share_within_imd.shape == (len(BROAD_BANDS), 5)
        assert place.age_share_within_imd.sum(axis=0)[inhabited] == pytest.approx(1.0)
        assert sum(place.ethnicity_mix.values()) == pytest.approx(1.0)
        assert place.population > 20_000
        assert 2_000 < place.list_size < 20_000
        assert 1_000 < place.patients_per_gp < 3_000
        assert place.capacity["beds"]["emergency pool"] > 0
        assert sum(place.locality_shares) == pytest.approx(1.0)
        assert len(place.localities) == len(place.locality_shares)


def test_places_differ_as_published(evidence: Evidence) -> None:
    southwark, rayleigh, tilbury = (
        load_place(name, evidence) for name in ("southwark", "rayleigh", "tilbury")
    )
    assert southwark.share_aged(65) == pytest.approx(0.0835, abs=0.0005)
    assert rayleigh.share_aged(65) == pytest.approx(0.2463, abs=0.0005)
    assert tilbury.imd_mix[0] == pytest.approx(0.33457, abs=1e-5)
    assert tilbury.demand_log_factor["emergency_admission"] == pytest.approx(-0.4414)
    assert southwark.demand_log_factor == {}
    assert tilbury.activity["emergency_admissions_2015_16"] == 2800


def test_an_essex_locality_without_its_own_factor_says_whose_it_has(evidence: Evidence) -> None:
    wickford = load_place("wickford", evidence)
    assert wickford.demand_log_factor["emergency_admission"] == pytest.approx(-0.2493)
    assert any("all 26" in note for note in wickford.notes)
    assert any("none is published" in note for note in load_place("dengie", evidence).notes)


def test_a_system_is_made_of_its_places(evidence: Evidence) -> None:
    essex = load_place("mid_and_south_essex", evidence)
    assert len(essex.parts) == len(essex.localities) == 26
    assert sum(part.population for part in essex.parts) == essex.population
    assert essex.practices == sum(part.practices for part in essex.parts)


def test_a_place_travels_to_another_process(evidence: Evidence) -> None:
    place = load_place("south_east_london", evidence)
    again = pickle.loads(pickle.dumps(place))
    assert again.localities == place.localities
    assert np.array_equal(again.age_sex_share, place.age_sex_share)


def test_every_figure_of_a_place_is_remembered_with_its_source(evidence: Evidence) -> None:
    load_place("southwark", evidence)
    used = evidence.used
    assert used["places.southwark.population"].value == 307_636
    assert all(figure.source and figure.basis for figure in used.values())
    assert len([key for key in used if ".southwark.age_sex_share" in key]) == 38


def test_a_replaced_figure_reaches_the_place(evidence: Evidence) -> None:
    other = Evidence(evidence.folder, {"places.southwark.population": 1_000.0})
    assert load_place("southwark", other).population == 1_000


# ---------------------------------------------------------------- a user's own place


def test_an_unknown_place_names_the_nearest(evidence: Evidence) -> None:
    message = faults_of("southwork", evidence)["southwork"]
    assert "did you mean southwark?" in message


def test_own_counts_are_kept_and_the_rest_is_borrowed_aloud(
    tmp_path: Path, evidence: Evidence
) -> None:
    write(tmp_path, "fifths.csv", "imd_quintile,count\n1,6000\n2,3000\n3,1000\n")
    path = write(
        tmp_path,
        "river.toml",
        'name = "River network"\narchetype = "urban_deprived"\npractices = 3\n'
        '[people]\nimd = "fifths.csv"\n',
    )
    place = load_place(path, evidence)
    tilbury = load_place("tilbury", evidence)
    assert (place.key, place.name, place.kind) == ("river", "River network", "own")
    assert place.imd_mix == pytest.approx([0.6, 0.3, 0.1, 0.0, 0.0])
    assert place.population == 10_000
    assert place.list_size == pytest.approx(10_000 / 3)
    assert np.array_equal(place.age_sex_share, tilbury.age_sex_share)
    assert "Taken from Tilbury: age and sex, ages within deprivation, ethnicity" in place.notes[0]


def test_only_the_numbers_that_an_own_place_borrows_are_remembered(
    tmp_path: Path, evidence: Evidence
) -> None:
    write(tmp_path, "fifths.csv", "imd_quintile,count\n1,6000\n2,3000\n3,1000\n")
    path = write(
        tmp_path,
        "own.toml",
        'like = "dengie"\npractices = 3\npatients_per_gp = 2000\n[people]\nimd = "fifths.csv"\n',
    )
    place = load_place(path, evidence)
    beds = evidence.used["baseline_capacity.urban_affluent_essex.beds.emergency pool"].value
    assert place.capacity["beds"]["emergency pool"] == beds
    tables = {key.split(".")[2] for key in evidence.used if key.startswith("place_population.")}
    assert tables == {"age_sex_share", "age_share_within_imd", "ethnicity_mix"}
    assert not [key for key in evidence.used if key.startswith(("places.", "baseline_demand."))]
    load_place(write(tmp_path, "bare.toml", 'like = "dengie"\n'), evidence)
    named = {key for key in evidence.used if key.startswith("places.dengie.")}
    assert len(named) == 4


def test_runs_of_an_own_place_list_the_numbers_that_it_borrows(tmp_path: Path) -> None:
    write(tmp_path, "own.toml", 'like = "dengie"\npopulation = 900\n')
    file = write(
        tmp_path, "e.toml", 'name = "e"\nplace = "own.toml"\n[[design]]\nuse = "usual-care"\n'
    )
    asked = read_experiment(str(file))
    keys = {figure.key for figure in next(specs_of(asked, asked.places[0], [Point()])).figures}
    assert "baseline_capacity.urban_affluent_essex.beds.emergency pool" in keys
    assert "places.dengie.patients_per_gp_fte" in keys
    assert "places.dengie.population" not in keys


@pytest.mark.parametrize(
    ("file", "key"),
    [("Wold Valley.toml", "wold-valley"), ("../Up.toml", "up"), ("nul.toml", "nul-")],
)
def test_the_key_of_an_own_place_is_the_name_of_its_folder(
    tmp_path: Path, evidence: Evidence, file: str, key: str
) -> None:
    (tmp_path / "in").mkdir()
    place = load_place(write(tmp_path / "in", file, 'name = "A / B"\n'), evidence)
    assert (place.key, place.name) == (key, "A / B")
    assert RunKey(place.key, "d", "none", 0, 0).path.parts[1] == f"place={key}"


def test_without_an_archetype_the_place_most_like_it_is_borrowed_from(
    tmp_path: Path, evidence: Evidence
) -> None:
    write(
        tmp_path,
        "groups.csv",
        "ethnic_group,share\nwhite_british,0.36\nwhite_other,0.16\nasian,0.1\n"
        "black,0.25\nmixed,0.07\nother,0.06\n",
    )
    place = load_place(
        write(tmp_path, "here.toml", '[people]\nethnicity = "groups.csv"\n'), evidence
    )
    assert place.archetype == "inner_london"
    assert "Taken from Southwark" in place.notes[0]


def test_single_years_and_both_sexes_together_are_added_up(
    tmp_path: Path, evidence: Evidence
) -> None:
    rows = "".join(f"{age},{age},{10 + age % 5}\n" for age in range(101))
    write(tmp_path, "ages.csv", "age_low,age_high,count\n" + rows)
    path = write(tmp_path, "own.toml", 'like = "dengie"\n[people]\nage_sex = "ages.csv"\n')
    place = load_place(path, evidence)
    assert place.age_shares[:18] == pytest.approx(60 / place.population)
    dengie = load_place("dengie", evidence)
    women = dengie.age_sex_share[4, 0] / dengie.age_sex_share[4].sum()
    assert place.age_sex_share[4, 0] / place.age_sex_share[4].sum() == pytest.approx(women)
    assert "Taken from Dengie: how each age splits into women and men, depr" in place.notes[0]


def test_ages_by_fifth_in_counts_give_the_fifths_too(tmp_path: Path, evidence: Evidence) -> None:
    rows = "".join(f"{low},{high},{q},{100 * q}\n" for low, high in BROAD_BANDS for q in (1, 2))
    write(tmp_path, "both.csv", "age_low,age_high,imd_quintile,count\n" + rows)
    path = write(tmp_path, "own.toml", 'like = "england"\n[people]\nage_by_imd = "both.csv"\n')
    place = load_place(path, evidence)
    assert place.imd_mix == pytest.approx([1 / 3, 2 / 3, 0, 0, 0])
    assert "deprivation" not in place.notes[0].split("Taken from England: ")[1]


def test_shares_within_rounding_are_made_to_sum(tmp_path: Path, evidence: Evidence) -> None:
    write(tmp_path, "f.csv", "imd_quintile,share\n1,0.333\n2,0.333\n3,0.3335\n")
    path = write(tmp_path, "own.toml", '[people]\nimd = "f.csv"\n')
    assert load_place(path, evidence).imd_mix.sum() == pytest.approx(1.0, abs=1e-12)


def test_every_fault_of_a_place_file_is_told_at_once(tmp_path: Path, evidence: Evidence) -> None:
    write(tmp_path, "f.csv", "imd_quintile,share\n1,0.6\n2,0.3\n")
    write(
        tmp_path,
        "e.csv",
        "ethnic_group,count\nwhite_brittish,5\nasian,-3\nblack,many\n",
    )
    path = write(
        tmp_path,
        "bad.toml",
        'nme = "X"\nname = 3\npopulation = -5\npractices = "two"\narchetype = "urban_depraved"\n'
        'like = "tilbry"\n[people]\nimd = "f.csv"\nethnicity = "e.csv"\nage_sex = "none.csv"\n'
        'fifths = "f.csv"\nage_by_imd = 7\n[demand_log_factor]\nemergency_admission = "low"\n',
    )
    faults = faults_of(path, evidence)
    assert "did you mean name?" in faults["nme"]
    assert "a number above 0" in faults["population"]
    assert "did you mean urban_deprived?" in faults["archetype"]
    assert "did you mean tilbury?" in faults["like"]
    assert "sum to 0.9" in faults["share"]
    assert "did you mean white_british?" in faults["ethnic_group"]
    assert "no such file" in faults["file"]
    for key in ("name", "practices", "people.fifths", "people.age_by_imd"):
        assert key in faults
    assert "demand_log_factor.emergency_admission" in faults
    with pytest.raises(BadInput) as caught:
        load_place(path, evidence)
    assert len([fault for fault in caught.value.faults if fault.where.startswith("e.csv")]) == 3


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("age_low,count\n0,5\n", "age_low"),
        ("age_low,sex,count\n0,woman,5\n", "sex"),
        ("age_low,age_high,sex,count\n3,7,male,5\n", "age_low"),
        ("age_low,sex,count\nx,male,5\n", "age_low"),
        ("age,sex,count\n3,male,5\n", "age_low"),
        ("age_low,sex,people\n3,male,5\n", "count"),
        ("age_low,sex,count\n3,male,nan\n", "count"),
        ("age_low,sex,count\n3,male,0\n", "count"),
        ("age_low,sex,count\n", "file"),
    ],
)
def test_a_bad_table_of_ages_is_refused(
    tmp_path: Path, evidence: Evidence, text: str, key: str
) -> None:
    write(tmp_path, "a.csv", text)
    path = write(tmp_path, "own.toml", '[people]\nage_sex = "a.csv"\n')
    if text == "age_low,count\n0,5\n":  # sexes may be left out
        assert load_place(path, evidence).population == 5
    else:
        assert key in faults_of(path, evidence)


@pytest.mark.parametrize("text", ["name = ", "a = " + "[" * 5000, "population = 1" + "0" * 5000])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, evidence: Evidence, text: str) -> None:
    (said,) = faults_of(write(tmp_path, "x.toml", text), evidence).values()
    assert "TOML" in said


def test_a_file_as_a_windows_editor_saves_it_is_read(tmp_path: Path, evidence: Evidence) -> None:
    file = tmp_path / "ours.toml"
    file.write_bytes(b'\xef\xbb\xbfname = "Ours"\r\nlike = "tilbury"\r\n')
    assert load_place(file, evidence).name == "Ours"


def test_groups_are_known_by_the_names_of_the_tables() -> None:
    assert len(set(ETHNIC_GROUPS)) == 6
