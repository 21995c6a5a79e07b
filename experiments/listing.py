"""What there is: places, designs, experiments, services and so on, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from agents.decisions import RULES
from agents.evidence import Evidence
from agents.faults import BadInput, Fault, nearest
from experiments.catalogue import EVIDENCE, experiment_files, installed
from experiments.checking import quoted, read_toml
from experiments.comparing import aligned
from experiments.designs.sizes import doubtful_signs
from experiments.experiment import Experiment
from experiments.progress import duration
from experiments.settings import SETTINGS, Setting
from pathways.components import KINDS as KINDS_OF_COMPONENT
from pathways.design import NO_EFFECTS, Design
from pathways.structure import STRUCTURE
from pathways.vocabulary import SERVICES

# Seconds of one core, to say beforehand how long the runs may take: of every run however small, of
# each of its years, of each resident who is made and aged, and of each person-year. Rough: fitted
# to runs of 500 to 1.2 million people on one machine; another may take half or twice as long.
OF_A_RUN, OF_A_YEAR, OF_A_RESIDENT, OF_A_PERSON_YEAR = 0.5, 1.0, 70e-6, 20e-6

SECTIONS: dict[str, str] = {
    "people": "rules that say who the design is for, and who not",
    "reach": "how often the team searches, how many it invites, how many accept",
    "support": "months, contacts, assessment, reviews, team meetings, link workers, groups",
    "use": "designs whose components, settings and costs come along (also remove, starts, places)",
    "set": "settings of services (carepath list settings) or parameters of components",
    "effects": "what it changes in people it supports, as planned and as published",
    "costs": "lines of cost: recurrent, non-recurrent, capital",
    "evidence": "source, range and basis of each of the design's own numbers",
}


def listed(what: str) -> list[str]:
    """Return one line for each thing of a kind, its name first.

    Raises
    ------
    BadInput
        If there is no such kind.
    """
    if what not in KINDS:
        alike = nearest(what, KINDS)
        remedy = f"did you mean {alike}?" if alike else "choose one of these"
        raise BadInput(
            [
                Fault(
                    where="command line",
                    key="list",
                    found=quoted(what),
                    allowed=", ".join(KINDS),
                    remedy=remedy,
                )
            ]
        )
    return aligned([[name, about] for name, about in KINDS[what]().items()])


def _places() -> dict[str, str]:
    catalogue = installed()
    places = {key: catalogue.load_place(key) for key in catalogue.places}
    lines = {}
    for key, place in places.items():
        system = places.get(place.system, place)
        within = f" in {system.name}" if system is not place else ""
        lines[key] = f"{place.name}, {place.kind}{within}, {place.population:,.0f} residents"
    return lines


def _designs() -> dict[str, str]:
    catalogue = installed()
    designs = {name: catalogue.load_design(name) for name in catalogue.designs}
    return {name: _about_design(design) for name, design in designs.items()}


def _about_design(design: Design) -> str:
    systems = f" ({', '.join(design.systems)})" if design.systems else ""
    same = f"; same mechanism as {design.same_mechanism_as}" if design.same_mechanism_as else ""
    assumed = "; assumption only" if design.assumption_only else ""
    return f"{design.title}{systems}{same}{assumed}"


def _experiments() -> dict[str, str]:
    return {
        name: str(read_toml(file).get("title", "")) for name, file in experiment_files().items()
    }


def _conditions() -> dict[str, str]:
    rows = Evidence(EVIDENCE).rows("conditions")
    return {row["key"]: row["name"] for row in rows}


def _measures() -> dict[str, str]:
    from results.measures import MEASURES

    return {key: f"{measure.title} ({measure.unit})" for key, measure in MEASURES.items()}


def _settings() -> dict[str, str]:
    return {name: _about_setting(setting) for name, setting in SETTINGS.items()}


def _about_setting(setting: Setting) -> str:
    default = "the place's own" if setting.default is None else f"{setting.default:g}"
    span = f"{setting.unit}, {setting.low:g} to {setting.high:g}"
    return f"{setting.meaning}; {span}, default {default}"


def _rules() -> dict[str, str]:
    return {
        f"rules.{kind} = {rule.name}": rule.about + ("" if number else " (default)")
        for kind, rules in RULES.items()
        for number, rule in enumerate(rules)
    }


def _services() -> dict[str, str]:
    return dict(SERVICES)


def _components() -> dict[str, str]:
    kinds = {
        name: f"kind of [[component]]: {kind.about} (carepath show component {name})"
        for name, kind in KINDS_OF_COMPONENT.items()
    }
    return kinds | SECTIONS


def _structure() -> dict[str, str]:
    return {
        name: f"{one.about}: {', '.join(option.name for option in one.options)} "
        f"(default {one.default})"
        for name, one in STRUCTURE.items()
    }


KINDS: Mapping[str, Callable[[], dict[str, str]]] = {
    "places": _places,
    "designs": _designs,
    "experiments": _experiments,
    "components": _components,
    "services": _services,
    "conditions": _conditions,
    "measures": _measures,
    "settings": _settings,
    "rules": _rules,
    "structure": _structure,
}


def _structure_words(choices: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return what an experiment says of named alternatives, nothing where it says nothing."""
    told = [
        f"{name} {options[0]}" if len(options) == 1 else f"{name} varied ({', '.join(options)})"
        for name, options in choices.items()
    ]
    return [f"Structure: {'; '.join(told)}."] if told else []


def experiment_sentences(experiment: Experiment) -> list[str]:
    """Return what an experiment would do, in sentences."""
    residents = [experiment.residents(place) for place in experiment.places]
    runs_each = sum(len(arm.effects) for arm in experiment.arms) * experiment.replications
    runs_each *= experiment.draws if experiment.uncertainty == "psa" else 1
    person_years = sum(residents) * experiment.years * runs_each
    places = ", ".join(
        f"{place.name} ({count:,} of {place.population:,.0f} residents)"
        for place, count in zip(experiment.places, residents, strict=True)
    )
    runs = runs_each * len(experiment.places)
    doubtful = [line for arm in experiment.arms for line in doubtful_signs(arm.design)]
    return [
        f"{experiment.name}: nothing wrong.",
        f"Places: {places}.",
        f"Designs: {_and(_arm_words(arm.name, arm.effects) for arm in experiment.arms)}.",
        *_structure_words(experiment.structure),
        f"Main measure: {experiment.main_measure}; baseline: {experiment.baseline}.",
        f"Years: {experiment.years} from {experiment.start}; {experiment.replications} "
        f"replications; {runs} runs, {person_years:,} person-years: about "
        f"{duration(processor_seconds(experiment))} of processor time, split among the "
        "processes.",
        *(f"Note: {sentence}" for sentence in dict.fromkeys(doubtful)),
    ]


def processor_seconds(experiment: Experiment) -> float:
    """Return about how many seconds of one core the runs of an experiment take."""
    runs = sum(len(arm.effects) for arm in experiment.arms) * experiment.replications
    runs *= experiment.draws if experiment.uncertainty == "psa" else 1
    years = experiment.years
    return runs * sum(
        OF_A_RUN
        + OF_A_YEAR * years
        + (OF_A_RESIDENT + OF_A_PERSON_YEAR * years) * experiment.residents(place)
        for place in experiment.places
    )


def _arm_words(name: str, effects: Iterable[str]) -> str:
    versions = [effect for effect in effects if effect != NO_EFFECTS]
    return f"{name} ({', '.join(versions)})" if versions else name


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
