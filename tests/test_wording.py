from __future__ import annotations

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from results import headlines_belief, headlines_money, headlines_services, sayings
from results import report_headlines as headlines
from results.report_measures import FOREST, RATE, ROLE_NAMES, SERVICE_NAMES, measure_of
from results.report_numbers import (
    count_word,
    figures,
    listed,
    plain,
    plain_range,
    signed,
    signed_range,
    signed_with_range,
    step_of,
)
from results.sayings import (
    Answer,
    aim_saying,
    belief_saying,
    box_saying,
    money_saying,
    report_headline,
)
from results.wording import (
    CHANCE_ONLY,
    LONGEST_HEADLINE,
    Change,
    Spread,
    Verdict,
    change_sentence,
    judgement,
    leader,
    likelihood,
    unclear_range,
    verdict,
    verdict_words,
)

ADMISSIONS = measure_of("emergency_admissions")
numbers = st.floats(-1e6, 1e6, allow_nan=False)


def change(mean: float, low: float, high: float, baseline: float = 1000.0) -> Change:
    return Change(mean=mean, low=low, high=high, baseline=baseline)


def answer(letter: str, main: Verdict, cash: Verdict, title: str = "Proactive pathway") -> Answer:
    return Answer(letter=letter, title=title, main=main, cash=cash)


FEWER = Verdict(case="clear", direction=-1)
MORE = Verdict(case="clear", direction=1)
UNCLEAR = Verdict(case="unclear", direction=-1)
NONE = Verdict(case="none")
MISSING = Verdict(case="missing")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (change(-51, -82, -20), "fewer"),
        (change(51, 20, 82), "more"),
        (change(-10, -12, -8), "fewer"),  # exactly the smallest difference that matters
        (change(-9.9, -12, -8), "slightly fewer"),
        (change(3, 1, 5), "slightly more"),
        (change(1, -9, 10), "no difference that matters"),
        (change(1, -9, 10.1), "not clear"),
        (change(-18, -47, 11), "not clear"),
        (change(-18, -47, 0), "not clear"),  # the interval still holds no change
        (change(math.nan, 0, 0), "not in this run"),
        (change(1, math.nan, math.nan), "not in this run"),
        (None, "not in this run"),
    ],
)
def test_verdict_follows_the_interval_and_the_smallest_difference(
    found: Change | None, words: str
) -> None:
    assert verdict_words(verdict(found, 0.01), "fewer", "more") == words


@given(low=numbers, width=st.floats(0, 1e6), share=st.floats(0, 1), smallest=st.floats(0, 0.2))
def test_no_claim_is_made_that_the_interval_does_not_support(
    low: float, width: float, share: float, smallest: float
) -> None:
    high = low + width
    mean = min(max(low + share * width, low), high)
    found = verdict(change(mean, low, high), smallest)
    assert found.clear == (low > 0 or high < 0)
    if found.case in ("none", "unclear"):
        assert low <= 0 <= high


def test_judgement_knows_which_way_is_better() -> None:
    assert judgement(FEWER, -1) == "good"
    assert judgement(FEWER, +1) == "bad"
    assert judgement(MORE, -1) == "bad"
    assert judgement(MORE, 0) == "shift"
    assert judgement(UNCLEAR, -1) == "unclear"
    assert judgement(NONE, -1) == "same"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "virtually certain"),
        (0.99, "virtually certain"),
        (0.989, "very likely"),
        (0.90, "very likely"),
        (0.66, "likely"),
        (0.659, "about as likely as not"),
        (0.33, "about as likely as not"),
        (0.329, "unlikely"),
        (0.10, "unlikely"),
        (0.099, "very unlikely"),
        (0.01, "exceptionally unlikely"),
        (0.0, "exceptionally unlikely"),
    ],
)
def test_likelihood_words_change_at_the_published_borders(share: float, words: str) -> None:
    assert likelihood(share) == words


def test_nothing_leads_below_two_thirds_of_the_draws() -> None:
    assert leader({"A": 0.66, "B": 0.34}) == "A"
    assert leader({"A": 0.65, "B": 0.35}) is None
    assert leader({}) is None


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(-47, 11, 1), (-255, 65, 10), (-1.6, 0.8, 0.1), (700, 2100, 100), (5, 5, 0.1), (0, 0, 1)],
)
def test_an_interval_earns_two_figures_of_its_width(low: float, high: float, step: float) -> None:
    assert step_of(low, high) == pytest.approx(step)


def test_numbers_are_set_as_in_the_storyboard() -> None:
    assert signed_with_range(-18, -47, 11) == "−18 (−47 to +11)"
    assert signed(1400, 100) == "+1,400"
    assert signed(-0.04, 0.1) == "0.0"
    assert signed(0.0) == "0"
    assert plain(47300.0, 100) == "47,300"
    assert plain(math.nan) == "not known"
    assert plain_range(63, 67.4) == "63.0 to 67.4"
    assert signed_range(-3.4, -1.8) == "−3.4 to −1.8"
    assert figures(1234.5) == "1,230"
    assert figures(0.0) == "0"
    assert figures(9.98, 2) == "10"
    assert count_word(2) == "two"
    assert count_word(11) == "11"
    assert listed(["A", "B", "C"]) == "A, B and C"


@given(mean=numbers, half=st.floats(1e-6, 1e5))
def test_rounding_never_turns_a_clear_difference_into_another_sign(
    mean: float, half: float
) -> None:
    assume(abs(mean) > half)
    text = signed(mean, step_of(mean - half, mean + half))
    assert text.startswith("−" if mean < 0 else "+")


def test_prose_gives_both_ends_of_what_is_not_clear() -> None:
    assert unclear_range(change(-18, -47, 11), ADMISSIONS) == f"from 47 fewer to 11 more {RATE}"
    assert unclear_range(change(-18, -47, 0.2), ADMISSIONS) == f"from 47 fewer to none {RATE}"


def test_a_sentence_on_the_main_measure_holds_number_interval_and_unit() -> None:
    clear = change_sentence(change(-51, -82, -20), ADMISSIONS, 0.01)
    assert clear == (
        "Emergency admissions: 51 fewer per 10,000 people a year (95% interval −82 to −20)."
    )
    unclear = change_sentence(change(-18, -47, 11), ADMISSIONS, 0.01)
    assert "not clear, from 47 fewer to 11 more" in unclear
    none = change_sentence(change(1, -9, 9), ADMISSIONS, 0.01)
    assert none.startswith("No difference that matters")
    assert change_sentence(None, ADMISSIONS, 0.01).endswith("not in this run.")


@pytest.mark.parametrize(
    ("main", "cash", "headline"),
    [
        (FEWER, FEWER, "Proactive pathway: fewer emergency admissions; more spent than released"),
        (
            UNCLEAR,
            UNCLEAR,
            "Proactive pathway: no clear change in emergency admissions; effect on cash not clear",
        ),
        (
            NONE,
            MORE,
            "Proactive pathway: no difference that matters in emergency admissions; "
            "more cash released than spent",
        ),
        (MORE, MISSING, "Proactive pathway: more emergency admissions"),
    ],
)
def test_headline_of_one_design(main: Verdict, cash: Verdict, headline: str) -> None:
    assert report_headline([answer("A", main, cash)], ADMISSIONS, 10) == headline


def test_headline_of_several_designs_claims_only_what_is_clear() -> None:
    both = [answer("A", UNCLEAR, FEWER), answer("B", UNCLEAR, UNCLEAR)]
    headline = report_headline(both, ADMISSIONS, 10)
    assert headline.startswith("No design is clearly better than usual care on")
    one = [answer("A", UNCLEAR, FEWER), answer("B", FEWER, MORE)]
    assert report_headline(one, ADMISSIONS, 10) == (
        "B brings fewer emergency admissions; B would release more cash than it spends"
    )
    assert report_headline(one, ADMISSIONS, 10, leads="B").startswith("B leads on")


@given(
    title=st.text("abc ", min_size=1, max_size=120),
    main=st.sampled_from([FEWER, MORE, UNCLEAR, NONE, MISSING]),
    cash=st.sampled_from([FEWER, MORE, UNCLEAR, MISSING]),
    count=st.integers(1, 4),
)
def test_no_headline_is_longer_than_eighteen_words(
    title: str, main: Verdict, cash: Verdict, count: int
) -> None:
    found = [answer(letter, main, cash, title) for letter in "ABCD"[:count]]
    assert len(report_headline(found, ADMISSIONS, 10).split()) <= LONGEST_HEADLINE


def test_reach_says_half_or_fewer_only_if_every_interval_does() -> None:
    half = {"A": Spread(mean=0.4, low=0.3, high=0.5), "B": Spread(mean=0.2, low=0.1, high=0.3)}
    assert headlines.reach_headline(half).startswith("Half or fewer of those each design is for")
    more = half | {"B": Spread(mean=0.45, low=0.4, high=0.51)}
    assert "about 30 to 51 are" in headlines.reach_headline(more)
    assert "not in this run" in headlines.reach_headline({})


def test_uptake_that_falls_with_deprivation_is_said() -> None:
    def shares(*means: float, half: float = 0.01) -> list[Spread]:
        return [Spread(mean=mean, low=mean - half, high=mean + half) for mean in means]

    falls = shares(0.5, 0.55, 0.6, 0.65, 0.7)
    assert headlines.uptake_note(falls).startswith("Uptake falls with deprivation: 50%")
    mixed = headlines.uptake_note(shares(0.7, 0.5, 0.6, 0.6, 0.5))
    assert "70% accept in the most deprived fifth and 50% in the least" in mixed
    unsure = headlines.uptake_note(shares(0.5, 0.55, 0.6, 0.65, 0.7, half=0.15))
    assert "do not clearly differ" in unsure
    assert headlines.uptake_note(shares(0.5, math.nan)) == ""


def finding(letter: str, mean: float, low: float, high: float) -> headlines.Finding:
    held = change(mean, low, high)
    return headlines.Finding(letter=letter, change=held, found=verdict(held, 0.01))


def test_change_headline_counts_designs_and_falls_back_to_the_range() -> None:
    three = [
        finding("A", -51, -82, -20),
        finding("B", -24, -46, -2),
        finding("C", -10, -40, 20),
    ]
    assert headlines.change_headline(three, ADMISSIONS) == (
        "Two designs lower emergency admissions, by 24 to 51 per 10,000 people a year"
    )
    assert headlines.change_headline(three[:1], ADMISSIONS).startswith("A lowers")
    unclear = headlines.change_headline(three[2:], ADMISSIONS)
    assert unclear == (
        "No clear change in emergency admissions: from 40 fewer to 20 more per 10,000 people a year"
    )
    harm = headlines.change_headline([finding("A", 51, 20, 82)], ADMISSIONS)
    assert harm.startswith("A raises")


def test_squares_never_claim_a_change_that_is_not_clear() -> None:
    before = Spread(mean=65, low=64, high=66)
    clear = headlines.squares_claim("A", before, change(-3, -5, -1))
    assert clear == (
        "Under A, 62 of every 1,000 residents are admitted as an emergency in a year, instead of 65"
    )
    assert "not clear" in headlines.squares_claim("A", before, change(-3, -7, 1))
    small = headlines.squares_claim("A", before, change(-0.3, -0.4, -0.2))
    assert "less than one in every 1,000" in small
    # 64.45 to 64.57 is a tenth of a person, though one rounds to 64 and the other to 65.
    near = Spread(mean=64.45, low=64, high=65)
    assert "less than one" in headlines.squares_claim("A", near, change(0.12, 0.1, 0.14))


def test_forest_names_harms_beside_gains() -> None:
    changes = [("A", "fewer", "deaths"), ("A", "slightly more", "bed days")]
    assert headlines.forest_claim(changes, better=1, worse=0, slight=1, total=10) == (
        "A: fewer deaths; slightly more bed days"
    )
    many = headlines.forest_claim(changes * 12, better=12, worse=1, slight=11, total=30)
    assert many == ("Of 30 comparisons, 12 are better, 1 worse and 11 changed too little to matter")
    worse = [("A", "slightly more", "days spent in hospital beds")] * 7 + [
        ("A", "more", "unmet requests")
    ]
    assert headlines.forest_claim(worse, better=0, worse=1, slight=8, total=12) == (
        "A: more unmet requests; 8 changed too little to matter"
    )
    assert "None of the 10" in headlines.forest_claim([], better=0, worse=0, slight=0, total=10)


def test_luck_note_counts_one_in_twenty() -> None:
    assert "about two would look clear by luck" in headlines.luck_note(32, ADMISSIONS)
    assert "about one in 20 would look clear" in headlines.luck_note(8, ADMISSIONS)


def test_when_is_the_year_from_which_on_every_interval_leaves_out_no_change() -> None:
    years = {1: change(-4, -16, 8), 2: change(-20, -40, -1), 3: change(-20, -45, -5)}
    assert headlines.lasting_year(years, 0.01) == (2, -1)
    alone = years | {3: change(-20, -45, 5)}
    assert headlines.lasting_year(alone, 0.01) is None  # a clear year among others may be luck
    assert headlines.lasting_year(years, 0.05) is None  # smaller than what matters
    turned = {1: change(20, 5, 40), 2: change(-20, -40, -1)}
    assert headlines.lasting_year(turned, 0.01) == (2, -1)
    assert headlines.lasting_year({}, 0.01) is None


def test_a_design_that_does_harm_is_never_said_to_act() -> None:
    def told(first: dict[str, tuple[int, int] | None]) -> str:
        return headlines.when_headline(first, 10, ADMISSIONS)

    assert told({"A": (2, -1)}) == "A acts within two years"
    assert told({"A": (1, -1), "B": None}) == "A acts in the first year; B not within the ten years"
    assert told({"A": None}).startswith("No clear and lasting change")
    assert told({"A": (4, 1)}) == "A raises emergency admissions from year 4 on"
    assert told({"A": (4, 1), "B": (3, 1)}) == "A and B raise emergency admissions from year 3 on"


def test_a_run_without_effects_is_told_before_its_result() -> None:
    found = [answer("A", NONE, FEWER)]
    headline = report_headline(found, ADMISSIONS, 3, without_effect=True)
    assert headline.startswith("With no effect on health put in")
    assert "no difference that matters" not in headline


def test_no_share_stays_paid_for_where_its_interval_holds_nothing() -> None:
    shares = {"A": math.nan}
    told = (
        headlines_money.cascade_claim(shares),
        headlines_money.money_headline(shares, avoided_clear=True, cash=False),
        sayings._why_not_cash(list(shares.values())),
    )
    assert all("%" not in text and "nan" not in text for text in told)
    assert "not clear" in told[1]
    assert "not clear" in told[2]


def test_plan_path_falls_short_only_where_the_interval_does_not_reach_it() -> None:
    short = {"A": (change(-20, -30, -10), -60.0)}
    assert "falls short of the plan" in headlines.plan_path_claim(short, ADMISSIONS, 10)
    reached = {"A": (change(-20, -70, -10), -60.0)}
    assert "20 fewer" in headlines.plan_path_claim(reached, ADMISSIONS, 10)
    nothing = {"A": (change(-20, -70, 10), None)}
    assert "no design clearly differs" in headlines.plan_path_claim(nothing, ADMISSIONS, 10)


def test_the_gap_narrows_only_if_the_slope_says_so() -> None:
    def told(**gaps: Change | None) -> str:
        return headlines.gains_headline(gaps, ADMISSIONS)

    assert told(A=change(-5, -8, -2)) == "A narrows the gap in emergency admissions"
    assert told(A=change(5, 2, 8)) == "A widens the gap in emergency admissions"
    assert told(A=change(-5, -8, -2), B=change(5, 2, 8)) == (
        "A narrows the gap in emergency admissions; B widens it"
    )
    assert "not clearly change" in told(A=change(-5, -12, 2))
    assert "not in this run" in told(A=None)
    assert headlines.gap_verdict_words(change(-5, -12, 2)) == "no clear change in the gap"


def test_absolute_and_relative_gaps_that_disagree_are_told_in_words() -> None:
    narrower, wider = change(-5, -8, -2), change(0.1, 0.05, 0.2)
    assert "narrows while the relative gap widens" in headlines.gaps_disagree(narrower, wider)
    assert headlines.gaps_disagree(narrower, narrower) == ""
    assert headlines.gaps_disagree(narrower, None) == ""


def test_money_is_capacity_where_half_or_more_is_stranded() -> None:
    assert headlines_money.money_headline({"A": 0.5}, True, False).startswith("Most of the value")
    assert not headlines_money.money_headline({"A": 0.49}, True, True).startswith(
        "Most of the value"
    )
    assert headlines_money.money_headline({}, False, False).startswith("No clear value")
    assert (
        headlines_money.cascade_claim({"A": 0.66})
        == "About 65% of the value avoided stays paid for"
    )


def test_cash_pays_back_only_with_a_clear_interval() -> None:
    costs = {"A": {1: change(-2, -3, -1), 5: change(-5, -8, -2)}}
    assert headlines_money.cash_by_year_claim(costs).startswith("The design costs more")
    pays = {"A": {1: change(-2, -3, -1), 5: change(5, 2, 8)}}
    assert headlines_money.cash_by_year_claim(pays) == "A releases more than it spends by year 5"
    unsure = {"A": {1: change(-2, -3, 1), 5: change(5, -2, 8)}}
    assert "not clear" in headlines_money.cash_by_year_claim(unsure)


def test_the_first_constraint_comes_with_its_remedy() -> None:
    note = headlines_services.first_constraint_note("A", "team meetings", 1.02, 0.85, True)
    assert "102% used against 85%" in note
    assert "grow by about 20%" in note
    hardly = headlines_services.first_constraint_note("A", "link workers", 0.988, 0.981, True)
    assert "98.8% used against 98.1%" in hardly
    assert hardly.endswith("takes 37% of what was free.")
    full = headlines_services.first_constraint_note("A", "link workers", 1.002, 0.995, True)
    assert full.endswith("takes all of what was free.")
    assert "grow by" not in hardly
    same = headlines_services.first_constraint_note("A", "beds", 0.9, 0.92, False)
    assert "not clearly fuller than under usual care" in same


def test_names_of_services_are_in_the_plural_as_sentences_take_them_to_be() -> None:
    for name in (*SERVICE_NAMES.values(), *ROLE_NAMES.values()):
        assert re.search(r"s( |$)", name), name


def test_where_nobody_differed_this_is_said() -> None:
    assert headlines.gap_verdict_words(change(0, 0, 0)) == "gap as under usual care"
    assert headlines.gap_verdict_words(change(0, -1, 1)) == "no clear change in the gap"
    still = change(0, 0, 0)
    said = change_sentence(still, ADMISSIONS, 0.01)
    assert said == "Emergency admissions: nobody differed in any pair of runs."
    near = change_sentence(change(0, -1, 1), ADMISSIONS, 0.01)
    assert near.startswith("No difference that matters")


def test_what_fills_up_first_is_claimed_only_where_the_design_fills_it() -> None:
    found = {"A": ("team meetings", True), "B": ("GP appointments", False)}
    assert headlines_services.capacity_headline(found) == (
        "Team meetings fill up first under A; B fills nothing clearly further than usual care does"
    )


def test_readings_differ_only_where_their_intervals_lie_apart() -> None:
    plan, found = {"A": change(-12, -14, -10)}, {"A": change(-3, -5, -1)}
    assert "does less than its plan assumes" in headlines_belief.readings_headline(plan, found)
    overlap = {"A": change(-8, -11, -5)}
    assert "cannot be told apart" in headlines_belief.readings_headline(plan, overlap)
    assert "were not run" in headlines_belief.readings_headline({}, found)


def test_misses_are_named_and_not_averaged_away() -> None:
    assert headlines_belief.checks_headline(6, 8, ["Outpatients", "A&E waits"]) == (
        "Six of eight checks are within 10%; outpatients and A&E waits are not"
    )
    many = headlines_belief.checks_headline(2, 6, ["One thing", "Two things", "Three", "Four"])
    assert many.endswith("one thing, two things and two more are not")
    assert headlines_belief.checks_headline(3, 3, []).startswith("All three checks")
    assert "have not been set beside" in headlines_belief.checks_headline(0, 0, [])
    small = headlines_belief.checks_headline(4, 6, ["One thing"], untold=1)
    assert small == "Four of six checks are within 10%; one thing is not, one cannot be told"
    assert headlines_belief.checks_headline(5, 6, [], untold=1).endswith("one cannot be told")
    assert "12% too high" in headlines_belief.checks_claim([("Through A&E", 1.12)], 4)


def test_first_page_says_when_intervals_hold_chance_alone() -> None:
    _, text = box_saying([], 3, 40, with_knowledge=False)
    assert "precise, not certain" in text
    assert "3 of the 40 numbers" in text
    drawn = box_saying([], 3, 40, with_knowledge=True)[1]
    assert "precise" not in drawn
    assert "did not vary" not in drawn
    assert "leave out how unsure the evidence is" in CHANCE_ONLY


def test_first_page_sayings_follow_the_verdicts() -> None:
    said = {"A": "Emergency admissions: 51 fewer."}
    heading, text = aim_saying([answer("A", FEWER, FEWER)], ADMISSIONS, said)
    assert heading == "If the aim is fewer emergency admissions, A helps"
    assert text == said["A"]
    slight = Verdict(case="slight", direction=-1)
    assert "a little" in aim_saying([answer("A", slight, FEWER)], ADMISSIONS, said)[0]
    heading, text = aim_saying([answer("A", UNCLEAR, FEWER)], ADMISSIONS, said)
    assert "not clearly better" in heading
    assert "not the same as no effect" in text
    assert "does not help" in aim_saying([answer("A", MORE, FEWER)], ADMISSIONS, said)[0]
    assert "Do not count on cash" in money_saying([answer("A", FEWER, FEWER)], {"A": 0.6}, 10)[0]
    assert "releases more cash" in money_saying([answer("A", FEWER, MORE)], {"A": 0.6}, 10)[0]
    assert belief_saying(["published"], "", ("A doubt", "why"))[0] == "A doubt"
    assert belief_saying(["null"], "", None)[0] == "No effect on health was put in"
    for run in (["plan"], ["null", "plan"]):
        assert "plan’s own effects" in belief_saying(run, "", None)[0], "an effect was put in"
    assert belief_saying(["published", "plan"], "The headline", None)[0] == "The headline"


def test_every_line_of_the_forest_has_a_plain_name() -> None:
    for key in (key for keys in FOREST.values() for key in keys):
        assert "_" not in measure_of(key).name
    assert measure_of("treatment_burden").per_person
    assert measure_of("no_such_measure").name == "no such measure"


def test_activity_that_rises_is_never_told_as_a_negative_share_of_what_is_saved() -> None:
    shares = {"A": -0.1}
    told = (
        headlines_money.cascade_claim(shares),
        headlines_money.money_headline(shares, avoided_clear=True, cash=False),
        sayings._why_not_cash([-0.1]),
    )
    assert all("%" not in text and "−" not in text for text in told)
    assert "rises" in told[0]
