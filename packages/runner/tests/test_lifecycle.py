"""The phases of a connection: every phase and step."""

import pytest

from muntin.runner._lifecycle import LIFECYCLE, Phase, Step, advance


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
