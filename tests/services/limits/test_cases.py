"""Every limit found, and gone when its reason is: the check is what finds it.

A check taken out of `CHECKS` fails the cases of its codes here.
"""

from dataclasses import replace
from typing import Any

import pytest

from services.limits import (
    CHECKS,
    Facts,
    Severity,
    catalogue,
    judge,
    kept,
    restored,
)
from services.spec import Access, ServiceSpec
from tests.services.limits.cases import CASES, OF_READINESS, checks_of, found
from tests.services.limits.good import (
    GOOD,
    LB,
    PRIVATE,
    ROUTER,
    SPEC,
    UDP,
)


@pytest.mark.parametrize(
    ("code", "facts", "broken", "spec"), CASES, ids=[case[0] for case in CASES]
)
def test_a_limit_is_found_with_its_evidence_and_only_when_it_is_there(
    code: str, facts: Facts, broken: dict[str, Any], spec: ServiceSpec
) -> None:
    limit = next(one for one in catalogue.LIMITS if one.code == code)
    problem = found(code, spec, replace(facts, **broken))
    assert problem is not None
    assert problem.severity is limit.severity
    assert "%(" not in problem.message
    assert "%(" not in problem.fix
    if problem.severity is not Severity.INFORMS and code != "NoSelector":
        assert problem.evidence
    assert restored(kept(problem)) == problem
    if broken:
        assert found(code, spec, facts) is None
    else:
        fits = replace(SPEC, access=spec.access, subnet_id="subnet-1" if spec.subnet_id else "")
        assert found(code, fits, facts) is None


def test_every_limit_has_a_case() -> None:
    codes = [one.code for one in catalogue.LIMITS]
    assert len(codes) == len(set(codes))
    assert set(codes) == {case[0] for case in CASES} | OF_READINESS


def test_every_check_of_the_list_finds_something_in_these_cases() -> None:
    heard = set[str]().union(*(checks_of(case) for case in CASES))
    assert {check.__name__ for check in CHECKS} == heard


@pytest.mark.parametrize("spec", [SPEC, PRIVATE, UDP])
@pytest.mark.parametrize("facts", [GOOD, replace(GOOD, balancer=LB)])
def test_where_all_is_well_nothing_is_said(spec: ServiceSpec, facts: Facts) -> None:
    assert judge(spec, facts).problems == ()


def test_a_router_cluster_in_order_gets_only_the_note_on_snat_pro() -> None:
    assert [one.code for one in judge(SPEC, ROUTER).problems] == ["SnatPro"]


@pytest.mark.parametrize("access", [Access.CLUSTER_IP, Access.NODE_PORT])
def test_a_service_without_a_load_balancer_has_no_limits(access: Access) -> None:
    facts = replace(ROUTER, account_type="LEGACY", balance=-1, kubernetes=(1, 10), groups={})
    assert judge(replace(SPEC, access=access, claim=None), facts).problems == ()
