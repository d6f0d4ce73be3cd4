"""The phases of a connection: every phase and step, and the deadlines that go with them."""

from math import inf

import pytest

from muntin.runner._lifecycle import LIFECYCLE, Lifecycle, Phase, Step


def advance(phase: Phase, step: Step) -> Phase:
    lifecycle = Lifecycle(phase)
    lifecycle.advance(step)
    return lifecycle.phase


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("phase", Phase)
def test_every_phase_and_step(phase: Phase, step: Step) -> None:
    if step in LIFECYCLE[phase]:
        assert advance(phase, step) in Phase
    else:
        with pytest.raises(RuntimeError, match=f"{step.name} .* {phase.name}"):
            advance(phase, step)


def test_every_phase_can_be_left_for_good() -> None:
    for phase in Phase:
        assert advance(phase, Step.LOST) is Phase.CLOSED
        assert advance(phase, Step.CLOSE) in (Phase.CLOSING, Phase.CLOSED)


def test_a_connection_that_ends_serves_no_more() -> None:
    for phase in (Phase.LINGERING, Phase.UPGRADED, Phase.CLOSING, Phase.CLOSED):
        assert set(LIFECYCLE[phase]) == {Step.CLOSE, Step.LOST}


def test_each_step_replaces_the_deadline() -> None:
    lifecycle = Lifecycle()
    assert lifecycle.deadline == inf
    lifecycle.reschedule(10.0)
    assert (lifecycle.phase, lifecycle.deadline) == (Phase.IDLE, 10.0)
    lifecycle.advance(Step.BYTES, 20.0)
    assert (lifecycle.phase, lifecycle.deadline) == (Phase.HEAD, 20.0)
    lifecycle.advance(Step.REQUEST)
    assert (lifecycle.phase, lifecycle.deadline) == (Phase.HANDLING, inf)


def test_a_step_that_does_not_fit_changes_nothing() -> None:
    lifecycle = Lifecycle()
    lifecycle.reschedule(10.0)
    with pytest.raises(RuntimeError):
        lifecycle.advance(Step.SWITCH)
    assert (lifecycle.phase, lifecycle.deadline) == (Phase.IDLE, 10.0)
