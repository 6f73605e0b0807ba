"""Readiness: the cluster alone, for one of the two modes."""

from dataclasses import replace
from typing import Any

import pytest

from services.limits import (
    CHECKS,
    OF_CLUSTER,
    Mode,
    readiness,
)
from tests.services.limits.good import (
    GOOD,
    ROUTER,
)


def test_readiness_is_for_one_mode_and_of_an_absent_one_says_only_that() -> None:
    assert not readiness(GOOD, Mode.VPC_CNI).is_blocked
    absent = readiness(GOOD, Mode.GLOBAL_ROUTER).problems
    assert [one.code for one in absent] == ["NotGlobalRouter"]
    assert not readiness(ROUTER, Mode.GLOBAL_ROUTER).is_blocked
    assert [one.code for one in readiness(ROUTER, Mode.VPC_CNI).problems] == ["NotVpcCni"]


@pytest.mark.parametrize("mode", Mode)
def test_a_mixed_cluster_is_ready_in_both_modes(mode: Mode) -> None:
    mixed = replace(ROUTER, add_on="MIXED")
    assert not readiness(mixed, mode).is_blocked


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    "broken", [{"add_on": "CILIUM_OVERLAY"}, {"kubernetes": (1, 10)}, {"balance": -1}]
)
def test_what_no_mode_survives_blocks_both(mode: Mode, broken: dict[str, Any]) -> None:
    assert readiness(replace(GOOD, **{"add_on": "MIXED"} | broken), mode).is_blocked


def test_readiness_judges_a_part_of_what_a_service_is_judged_by() -> None:
    extra = {check.__name__ for check in OF_CLUSTER} - {check.__name__ for check in CHECKS}
    assert extra == {"has_mode"}
