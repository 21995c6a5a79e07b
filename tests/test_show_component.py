"""``carepath show component``: every parameter with its range, unit and what designs write."""

from __future__ import annotations

from dataclasses import fields

import pytest

from agents.faults import BadInput
from experiments.show import shown
from pathways.components import KINDS
from pathways.components.parameters import RANGES


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_parameter_and_every_target_of_a_kind_is_shown(kind: str) -> None:
    lines = shown("component", kind)
    text = "\n".join(lines)
    for field in fields(KINDS[kind]):
        assert f"  {field.name}: " in text or f"  {field.name}." in text, field.name
        if field.name in RANGES:
            assert f"{field.name}: {RANGES[field.name].allowed}" in text
    assert [target for target in KINDS[kind].targets if f"  {target} " not in text] == []
    assert f'kind = "{kind}"' in text


def test_what_the_library_writes_has_its_source() -> None:
    text = "\n".join(shown("component", "virtual_ward"))
    assert "0.08 (0.04 to 0.16) share of emergency admissions" in text
    assert "[assumption] in " in text


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput) as bad:
        shown("component", "virtual_wards")
    assert "virtual_ward" in bad.value.faults[0].remedy
