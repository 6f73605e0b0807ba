"""Security groups: the first rule that matches decides."""

from dataclasses import replace

import pytest

from services.limits.security import (
    EVERYWHERE,
    PROBES_FROM,
    Rule,
    SecurityGroup,
    decide,
    group,
    with_templates,
)

HOME = "10.0.0.0/8"


def rule(
    index: int,
    action: str,
    cidr: str = EVERYWHERE,
    port: str = "ALL",
    protocol: str = "TCP",
    named: str = "",
) -> Rule:
    return Rule(index, protocol, port, cidr, action, named)


def sg(*rules: Rule, id: str = "sg-1") -> SecurityGroup:
    return SecurityGroup(id, "", rules)


def test_the_first_rule_that_matches_decides_and_is_named() -> None:
    closed = sg(rule(0, "DROP", port="8080"), rule(1, "ACCEPT"))
    decision = decide([closed], EVERYWHERE, "TCP", 8080)
    assert (decision.allowed, decision.group_id, decision.index) == (False, "sg-1", 0)
    assert decide([closed], EVERYWHERE, "TCP", 8081).index == 1
    turned = sg(rule(0, "ACCEPT"), rule(1, "DROP", port="8080"))
    assert decide([turned], EVERYWHERE, "TCP", 8080).allowed


def test_what_no_rule_matches_stays_out() -> None:
    decision = decide([sg(rule(0, "ACCEPT", port="22"))], EVERYWHERE, "TCP", 80)
    assert (decision.allowed, decision.rule, decision.group_id) == (False, None, "sg-1")
    assert not decide([sg()], EVERYWHERE, "TCP", 80).allowed


def test_without_any_group_nothing_is_held_back() -> None:
    assert decide([], EVERYWHERE, "TCP", 80).allowed


def test_groups_are_asked_in_the_order_in_which_they_are_bound() -> None:
    opens, closes = sg(rule(0, "ACCEPT"), id="sg-a"), sg(rule(0, "DROP"), id="sg-b")
    assert decide([opens, closes], EVERYWHERE, "TCP", 80).group_id == "sg-a"
    assert not decide([closes, opens], EVERYWHERE, "TCP", 80).allowed
    # A group without a matching rule leaves it to the next one.
    assert decide([sg(id="sg-0"), opens], EVERYWHERE, "TCP", 80).allowed


@pytest.mark.parametrize(
    ("port", "number", "matches"),
    [
        ("ALL", 80, True),
        ("all", 80, True),
        ("", 80, True),
        ("80", 80, True),
        ("80", 8080, False),
        ("80,443", 443, True),
        ("80, 443", 443, True),
        ("8000-8100", 8000, True),
        ("8000-8100", 8100, True),
        ("8000-8100", 8101, False),
        ("22,8000-8100", 8050, True),
    ],
)
def test_ports_are_all_one_a_list_or_a_range(port: str, number: int, matches: bool) -> None:
    found = sg(rule(0, "ACCEPT", port=port))
    assert decide([found], EVERYWHERE, "TCP", number).allowed is matches


@pytest.mark.parametrize(
    ("written", "asked", "matches"),
    [
        ("TCP", "TCP", True),
        ("tcp", "TCP", True),
        ("ALL", "UDP", True),
        ("UDP", "TCP", False),
        ("ICMP", "TCP", False),
    ],
)
def test_a_rule_is_for_its_protocol(written: str, asked: str, matches: bool) -> None:
    found = sg(rule(0, "ACCEPT", protocol=written))
    assert decide([found], EVERYWHERE, asked, 80).allowed is matches


def test_a_rule_for_a_part_of_the_source_does_not_decide_for_all_of_it() -> None:
    home_only = sg(rule(0, "ACCEPT", HOME))
    decision = decide([home_only], EVERYWHERE, "TCP", 80)
    assert not decision.allowed
    assert decision.partly == home_only.rules[0]
    assert decide([home_only], "10.1.0.0/16", "TCP", 80).allowed
    assert decide([home_only], "10.1.2.3", "TCP", 80).allowed


def test_a_blocklist_leaves_the_others_in_and_is_told() -> None:
    blocklist = sg(rule(0, "DROP", "203.0.113.0/24"), rule(1, "ACCEPT"))
    decision = decide([blocklist], EVERYWHERE, "TCP", 80)
    assert decision.allowed
    assert decision.partly == blocklist.rules[0]


def test_a_rule_that_names_a_template_makes_the_answer_unclear_only_where_it_matters() -> None:
    template = rule(0, "DROP", "", named="ipm-1")
    assert decide([sg(template, rule(1, "ACCEPT"))], EVERYWHERE, "TCP", 80).unclear == template
    harmless = rule(0, "ACCEPT", "", named="ipm-1")
    assert decide([sg(harmless, rule(1, "ACCEPT"))], EVERYWHERE, "TCP", 80).unclear is None
    hopeful = decide([sg(harmless)], EVERYWHERE, "TCP", 80)
    assert not hopeful.allowed
    assert hopeful.unclear == harmless


def test_a_rule_with_only_an_ipv6_source_says_nothing_of_ipv4() -> None:
    assert not decide([sg(rule(0, "ACCEPT", ""))], EVERYWHERE, "TCP", 80).allowed


def test_policies_are_read_as_the_api_writes_them() -> None:
    found = group(
        "sg-1",
        [
            {
                "PolicyIndex": 0,
                "Protocol": "TCP",
                "Port": "80,443",
                "CidrBlock": EVERYWHERE,
                "Ipv6CidrBlock": "",
                "SecurityGroupId": "",
                "ServiceTemplate": {"ServiceId": "", "ServiceGroupId": ""},
                "AddressTemplate": {"AddressId": "", "AddressGroupId": ""},
                "Action": "accept",
            },
            {
                "PolicyIndex": 1,
                "Protocol": "ALL",
                "AddressTemplate": {"AddressId": "ipm-1"},
                "Action": "DROP",
            },
            {"PolicyIndex": 2, "SecurityGroupId": "sg-2", "Action": "ACCEPT"},
        ],
    )
    assert found.rules[0] == Rule(0, "TCP", "80,443", EVERYWHERE, "ACCEPT")
    assert [one.named for one in found.rules] == ["", "ipm-1", ""]
    assert [one.members for one in found.rules] == ["", "", "sg-2"]


def test_a_group_as_a_source_is_some_addresses_and_never_a_clbs_health_check() -> None:
    """Its members are network interfaces: it lets a part of the clients in, if any."""
    friends = replace(rule(0, "ACCEPT", ""), members="sg-2")
    decision = decide([sg(friends)], EVERYWHERE, "TCP", 80)
    assert (decision.allowed, decision.partly, decision.unclear) == (False, friends, None)
    assert str(friends) == "ACCEPT TCP:ALL sg-2"
    probed = decide([sg(friends, rule(1, "DROP"))], PROBES_FROM, "TCP", 80)
    assert (probed.allowed, probed.index, probed.partly) == (False, 1, None)
    foes = replace(friends, action="DROP")
    assert decide([sg(foes, rule(1, "ACCEPT"))], EVERYWHERE, "TCP", 80).allowed


@pytest.mark.parametrize(
    ("addresses", "source", "allowed"),
    [
        (("10.0.0.0/9", "10.128.0.0/9"), "10.1.0.0/16", True),
        # Two halves make a whole.
        (("100.64.0.0/11", "100.96.0.0/11"), PROBES_FROM, True),
        (("100.64.0.0/11",), PROBES_FROM, False),
        (("10.0.0.5-10.0.0.9",), "10.0.0.7", True),
        (("10.0.0.5-10.0.0.9",), "10.0.0.4", False),
        (("10.0.0.4",), "10.0.0.4", True),
        (("2001:db8::/32",), EVERYWHERE, False),
        ((), EVERYWHERE, False),
    ],
)
def test_a_template_is_judged_by_its_addresses(
    addresses: tuple[str, ...], source: str, allowed: bool
) -> None:
    found = with_templates(sg(rule(0, "ACCEPT", "", named="ipm-1")), {"ipm-1": addresses})
    decision = decide([found], source, "TCP", 80)
    assert (decision.allowed, decision.unclear) == (allowed, None)


def test_a_template_that_could_not_be_read_stays_unclear() -> None:
    template = rule(0, "DROP", "", named="ipm-1")
    found = with_templates(sg(template, rule(1, "ACCEPT")), {"ipm-2": (EVERYWHERE,)})
    assert decide([found], EVERYWHERE, "TCP", 80).unclear == template
    shown = with_templates(found, {"ipm-1": ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")})
    assert str(shown.rules[0]).endswith("ipm-1 (10.0.0.1, 10.0.0.2, 10.0.0.3, ...)")
