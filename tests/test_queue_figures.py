"""What a queue counts, in short stories worked by hand; walks, and shares of places."""

from __future__ import annotations

import pytest
import simpy

from pathways.queue_figures import QueueFigures
from pathways.queues import Places, whole_share
from pathways.steps import FirstOf, Steps, Walk, happens_in


def story() -> tuple[simpy.Environment, Places]:
    """Return a queue after a story of ten days, with one place and then two.

    Day 0: a has the place. Day 1: b waits. Day 2: c waits, and is urgent. Day 4: a leaves and
    c has the place. Day 5: d waits. Day 6: b gives up. Day 8: a second place opens, d has it.
    """
    env = simpy.Environment()
    places = Places(env, 1)
    a = places.request(1.0)
    env.run(until=1)
    b = places.request(1.0)
    env.run(until=2)
    c = places.request(0.5)
    env.run(until=4)
    a.release()
    assert c.held
    assert b.waits
    env.run(until=5)
    d = places.request()
    env.run(until=6)
    b.release()
    env.run(until=8)
    places.capacity = 2
    assert d.held
    env.run(until=10)
    return env, places


def test_every_figure_of_a_story() -> None:
    assert story()[1].figures() == QueueFigures(
        span=10.0,
        arrived=4,
        served=3,
        gave_up=1,
        waited=0.0 + 2.0 + 5.0 + 3.0,  # a, c, b until they gave up, d
        place_time=8 * 1.0 + 2 * 2.0,
        occupied_time=8 * 1.0 + 2 * 2.0,
        queue_time=1 * 1.0 + 2 * 2.0 + 1 * 1.0 + 1 * 2.0 + 2 * 1.0,
    )


def test_a_queue_of_any_span_counts_from_its_own_beginning() -> None:
    env = simpy.Environment(initial_time=100.0)
    places = Places(env, 3)
    places.request()
    env.run(until=100.5)
    figures = places.figures()
    assert (figures.span, figures.place_time, figures.occupied_time) == (0.5, 1.5, 0.5)


def test_figures_since_take_every_count_from_where_it_stood() -> None:
    env, places = story()
    before = places.figures()
    places.request()
    env.run(until=13)
    assert places.figures().since(before) == QueueFigures(
        span=3.0, arrived=1, served=0, gave_up=0, waited=0.0,
        place_time=6.0, occupied_time=6.0, queue_time=3.0,
    )  # fmt: skip


def test_those_who_wait_have_waited_until_now_and_others_no_longer_count() -> None:
    env = simpy.Environment()
    places = Places(env, 0)
    gone, stays = places.request(), places.request()
    env.run(until=2)
    late = places.request()
    gone.release()
    env.run(until=5)
    assert stays.waits
    assert late.waits
    assert places.queued_so_far() == 5.0 + 3.0
    assert places.littles_law_error() == pytest.approx(0.0, abs=1e-12)


def test_littles_law_tells_by_what_share_a_queue_disagrees_with_its_waits() -> None:
    env = simpy.Environment()
    places = Places(env, 0)
    turn = places.request()
    env.run(until=4)
    turn.asked = 1.0  # three days in the queue by the waits, four by its length
    assert places.littles_law_error() == pytest.approx(0.25)
    turn.asked = -4.0
    assert places.littles_law_error() == pytest.approx(0.5)
    with pytest.raises(RuntimeError, match=r"length adds up to 4\.0 days, the waits to 8\.0"):
        places.check()
    assert Places(env, 1).littles_law_error() == 0.0


@pytest.mark.parametrize("name", ["waiting", "_arrived", "_served", "in_use"])
def test_a_count_that_is_off_by_one_is_noticed(name: str) -> None:
    _, places = story()
    places.check()
    # Counts of people too high or too low; fewer places in use than none.
    setattr(places, name, -1 if name == "in_use" else getattr(places, name) + 1)
    with pytest.raises(RuntimeError, match=r"lost people: \d asked, \d served, 1 gave up"):
        places.check()


def test_a_turn_that_left_without_being_counted_is_noticed() -> None:
    places = Places(simpy.Environment(), 0)
    places.request().waits = False
    with pytest.raises(RuntimeError, match=r"1 wait \(0 stand in the queue\)"):
        places.check()


def test_guests_come_stay_give_up_and_go_as_their_story_says() -> None:
    """One place: a has it from 1 to 4, b from 4 to 6; c would wait until 3 only; d from 6 to 7."""
    env, told = simpy.Environment(), list[tuple[str, str, float]]()
    places = Places(env, 1)
    places.comes = lambda guest: told.append((guest.who, "comes", guest.asked))
    places.goes = lambda guest, time: told.append((guest.who, "goes", time))
    a, b = places.expect(1.0, 3.0, "a"), places.expect(1.0, 2.0, "b")
    c, d = places.expect(2.0, 1.0, "c", until=3.0), places.expect(2.5, 1.0, "d")
    assert not any(guest.left or guest.held or guest.waits for guest in (a, b, c, d))
    assert told == []
    env.run(until=2.25)
    assert (places.in_use, places.waiting) == (1, 2)
    assert (a.held, b.waits, c.waits, d.waits) == (True, True, True, False)
    places.check()
    env.run(until=10)
    places.follow()
    assert told == [
        ("a", "comes", 1.0),
        ("b", "comes", 1.0),
        ("c", "comes", 2.0),
        ("d", "comes", 2.5),
        ("a", "goes", 4.0),
        ("b", "goes", 6.0),
        ("c", "goes", 3.0),  # noticed when the turn was theirs
        ("d", "goes", 7.0),
    ]
    assert [guest.left for guest in (a, b, c, d)] == [False, False, True, False]
    assert not any(guest.held or guest.waits for guest in (a, b, c, d))
    places.check()
    assert places.figures() == QueueFigures(
        span=10.0, arrived=4, served=3, gave_up=1, waited=0.0 + 3.0 + 1.0 + 3.5,
        place_time=10.0, occupied_time=3.0 + 2.0 + 1.0, queue_time=3.0 + 1.0 + 3.5,
    )  # fmt: skip


def test_a_turn_is_given_the_place_of_a_guest_when_the_guest_goes() -> None:
    """Nobody looks meanwhile: the queue wakes by itself, at every guest's end in turn."""
    env, when = simpy.Environment(), list[float]()
    places = Places(env, 1)
    places.expect(0.0, 1.0, "first")
    places.expect(0.0, 1.5, "second")

    def steps() -> Steps[None]:
        yield env.timeout(0.5)
        turn = places.request()
        yield turn
        when.append(env.now)
        turn.release()

    Walk(steps())
    env.run(until=9)
    assert when == [2.5]
    assert (places.in_use, places.waiting) == (0, 0)


def test_others_go_in_order_when_a_guest_is_let_go_before_them() -> None:
    env = simpy.Environment()
    places = Places(env, 3)
    soon, _, _ = (places.expect(0.0, stay, None) for stay in (1.0, 5.0, 2.0))
    env.run(until=0.5)
    places.let_go(soon)
    env.run(until=3)
    assert places.in_use == 1
    env.run(until=6)
    assert places.in_use == 0


def test_a_queue_sleeps_once_nobody_waits_for_an_event() -> None:
    env = simpy.Environment()
    places = Places(env, 2)
    places.expect(0.0, 5.0, None)
    places.expect(0.0, 8.0, None)
    env.run(until=1)
    turn = places.request()
    env.run(until=2)
    turn.release()
    env.run()
    assert env.now == 5.0  # woken once, as was asked while the turn waited


def test_a_disagreement_of_a_millionth_of_the_time_queued_is_noticed() -> None:
    env = simpy.Environment()
    places = Places(env, 0)
    turn = places.request()
    env.run(until=4)
    turn.asked = 4e-6 * 0.9
    places.check()
    turn.asked = 4e-6 * 1.1
    with pytest.raises(RuntimeError, match="the waits to"):
        places.check()


def test_giving_back_twice_gives_back_once() -> None:
    places = Places(simpy.Environment(), 1)
    turn, next_one = places.request(), places.request()
    turn.release()
    turn.release()
    assert next_one.held
    assert (places.in_use, places.waiting) == (1, 0)
    assert places.figures().gave_up == 0


def test_a_turn_knows_when_it_was_asked_and_how_urgent_it_is() -> None:
    env = simpy.Environment(initial_time=3.0)
    places = Places(env, 1)
    first, second = places.request(), places.request(2.0)
    assert (first.asked, first.priority, first.need) == (3.0, 0.0, 0.0)
    assert (second.priority, second.waits, second.held) == (2.0, True, False)
    assert (first.waits, first.held) == (False, True)
    first.release()
    assert (second.waits, second.held) == (False, True)


def test_an_empty_queue_keeps_no_struck_out_turns() -> None:
    places = Places(simpy.Environment(), 0)
    turns = [places.request(priority) for priority in (3.0, 1.0, 2.0)]
    for turn in turns[:2]:
        turn.release()
    assert places._queue
    turns[2].release()
    assert not places._queue


def test_a_free_place_is_not_for_those_who_come_after_a_queue() -> None:
    env = simpy.Environment()
    places = Places(env, 1)
    places.request()
    waits = places.request()
    places._capacity = 2  # a place that nobody has been told of yet
    assert places.request().waits
    places.capacity = 2
    assert waits.held


@pytest.mark.parametrize(("places", "kept"), [(0, 0), (2.0, 2)])
def test_no_places_and_whole_floats_are_numbers_of_places(places: float, kept: int) -> None:
    here = Places(simpy.Environment(), places)  # type: ignore[arg-type]
    assert here.capacity == kept
    assert isinstance(here.capacity, int)


# ------------------------------------------------------------------ walks and events


def test_a_walk_begins_at_once_goes_on_with_what_it_waited_for_and_ends() -> None:
    env = simpy.Environment()
    seen: list[object] = []

    def steps() -> Steps[None]:
        seen.append("begun")
        seen.append((yield env.timeout(2.0, "two days")))
        done = env.event()
        happens_in(done, 3.0)
        seen.append((yield done))
        seen.append(env.now)

    walk = Walk(steps())
    assert seen == ["begun"]
    assert not walk.over
    env.run()
    assert seen == ["begun", "two days", None, 5.0]
    assert walk.over


def test_a_walk_takes_what_has_happened_without_waiting() -> None:
    env = simpy.Environment()
    past = env.timeout(1.0, "past")
    env.run(until=2)
    seen: list[object] = []

    def steps() -> Steps[None]:
        seen.append((yield past))
        seen.append((yield past))

    assert Walk(steps()).over
    assert seen == ["past", "past"]


def test_a_walk_begins_with_an_event_unless_it_is_stopped_before() -> None:
    env = simpy.Environment()
    seen: list[tuple[str, float]] = []

    def steps(name: str) -> Steps[None]:
        seen.append((name, env.now))
        yield env.timeout(1.0)
        seen.append((name, env.now))

    Walk(steps("goes"), env.timeout(2.0))
    stopped = Walk(steps("stopped"), env.timeout(1.0))
    assert not stopped.over
    stopped.stop()
    env.run()
    assert seen == [("goes", 2.0), ("goes", 3.0)]


@pytest.mark.parametrize("other", [1.0, 4.0])
def test_a_walk_goes_on_with_the_first_of_two_events_and_once(other: float) -> None:
    env = simpy.Environment()
    seen: list[object] = []

    def steps() -> Steps[None]:
        seen.append((yield FirstOf(env.timeout(2.0, "one"), env.timeout(other, "other"))))
        seen.append(env.now)
        yield env.timeout(5.0)
        seen.append(env.now)

    Walk(steps())
    env.run()
    first = min(other, 2.0)
    assert seen == ["other" if other < 2.0 else "one", first, first + 5.0]


def test_the_first_of_two_events_happens_with_it_before_what_was_due_at_the_same_time() -> None:
    env = simpy.Environment()
    seen: list[str] = []

    def steps(name: str, event: simpy.Event) -> Steps[None]:
        yield event
        seen.append(name)

    Walk(steps("first of two", FirstOf(env.timeout(1.0), env.timeout(2.0))))
    Walk(steps("alone", env.timeout(1.0)))
    env.run()
    assert seen == ["first of two", "alone"]


def test_a_walk_stopped_once_or_twice_or_after_its_end_stays_over() -> None:
    env = simpy.Environment()
    closed: list[float] = []

    def steps() -> Steps[None]:
        try:
            yield env.timeout(1.0)
            closed.append(-1.0)
        finally:
            closed.append(env.now)

    walk = Walk(steps())
    walk.stop()
    walk.stop()
    assert walk.over
    env.run()  # the timeout finds nobody
    assert closed == [0.0]
    walk.stop()
    assert closed == [0.0]


def test_an_event_made_to_happen_is_not_a_failure_and_carries_nothing() -> None:
    env = simpy.Environment()
    event = env.event()
    happens_in(event, 1.5)
    env.run(until=event)
    assert (env.now, event.ok, event.value) == (1.5, True, None)


# ------------------------------------------------------------------ shares of places


@pytest.mark.parametrize(
    ("places", "open_on"),
    [
        (0.5, [0, 1, 0, 1, 0, 1]),
        (1.0, [1, 1, 1, 1, 1, 1]),
        (0.0, [0, 0, 0, 0, 0, 0]),
        (2.25, [2, 2, 2, 3, 2, 2]),
        (1 / 3, [0, 0, 1, 0, 0, 1]),
        (0.1 + 0.2, [0, 0, 0, 1, 0, 0]),
    ],
)
def test_shares_of_places_open_in_turn(places: float, open_on: list[int]) -> None:
    assert [whole_share(places, occasion) for occasion in range(6)] == open_on


def test_shares_of_places_add_up_however_they_are_rounded() -> None:
    # 0.7 + 0.1 falls short of 0.8 in binary: ten occasions of a tenth are still a whole place.
    for tenths in range(30):
        places = sum([0.1] * tenths)
        assert sum(whole_share(places, occasion) for occasion in range(10)) == tenths
