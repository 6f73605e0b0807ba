"""What may be wrong in the account, set by hand: clusters, subnets, interfaces, rules, CLBs."""

import json
from urllib.error import HTTPError

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused
from tests.sandbox.tencent.pods import Pods, datagram
from tests.wait import until

VPC_CNI = "cls-vpccni01"


def cluster(cloud: Half) -> Document:
    (found,) = cloud.call("tke", "DescribeClusters", ClusterIds=[VPC_CNI])["Clusters"]
    return dict(found)


def test_a_cluster_is_what_it_was_said_to_be_until_the_reset(cloud: Half) -> None:
    said = {"status": "Isolated", "type": "EKS_CLUSTER", "network_type": "GR"}
    cloud.control("POST", "cluster", {"id": VPC_CNI, **said})
    found = cluster(cloud)
    assert (found["ClusterStatus"], found["ClusterType"]) == ("Isolated", "EKS_CLUSTER")
    # Both networks: a mixed cluster.
    network = json.loads(found["Property"])
    assert (network["NetworkType"], network["VpcCniType"]) == ("GR", "tke-route-eni")
    cloud.control("POST", "reset")
    assert cluster(cloud)["ClusterStatus"] == "Running"


def test_vpc_cni_is_off_on_its_way_failed_or_on(cloud: Half) -> None:
    def ipamd(state: str) -> tuple[bool, bool, str]:
        cloud.control("POST", "cluster", {"id": VPC_CNI, "vpc_cni": state, "error": "no IPs"})
        found = cloud.call("tke", "DescribeIPAMD", ClusterId=VPC_CNI)
        return found["EnableIPAMD"], found["DisableVpcCniMode"], found["Phase"]

    def progress() -> Document:
        return cloud.call("tke", "DescribeEnableVpcCniProgress", ClusterId=VPC_CNI)

    assert ipamd("off") == (False, True, "")
    with pytest.raises(Refused):
        progress()
    assert ipamd("enabling") == (True, False, "initializing")
    assert progress()["Status"] == "Running"
    assert ipamd("failed") == (False, False, "")
    found = progress()
    assert (found["Status"], found["ErrorMessage"]) == ("Failed", "no IPs")
    assert ipamd("on") == (True, False, "running")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("cluster", {"id": "cls-nothere", "status": "Isolated"}),
        ("cluster", {"id": VPC_CNI, "status": "Sleeping"}),
        ("cluster", {"id": VPC_CNI, "colour": "red"}),
        ("subnet", {"id": "subnet-nothere", "used_up": True}),
        ("interface", {"id": "eni-nothere", "attached": False}),
    ],
)
def test_what_does_not_exist_is_refused(cloud: Half, path: str, body: Document) -> None:
    with pytest.raises(HTTPError) as refused:
        cloud.control("POST", path, body)
    with refused.value as error:
        assert error.code == 400


def test_a_subnet_that_others_have_used_up_gives_no_address(cloud: Half) -> None:
    cloud.control("POST", "subnet", {"id": "subnet-clb01", "used_up": True})
    found = cloud.call("vpc", "DescribeSubnets", SubnetIds=["subnet-clb01"])["SubnetSet"][0]
    assert found["AvailableIpAddressCount"] == 0
    asked = {"LoadBalancerType": "INTERNAL", "VpcId": "vpc-vpccni01", "SubnetId": "subnet-clb01"}
    with pytest.raises(Refused) as refused:
        cloud.clb("CreateLoadBalancer", **asked)
    assert refused.value.code == "ResourceInsufficient"
    cloud.control("POST", "subnet", {"id": "subnet-clb01", "used_up": False})
    assert cloud.clb("CreateLoadBalancer", **asked)["LoadBalancerIds"]


def test_a_pod_interface_is_taken_off_or_is_a_nodes_own(cloud: Half) -> None:
    def shown() -> dict[str, Document]:
        found = cloud.call("vpc", "DescribeNetworkInterfaces", Limit=100)["NetworkInterfaceSet"]
        return {each["NetworkInterfaceId"]: each for each in found}

    cloud.control("POST", "interface", {"id": "eni-eni01", "attached": False})
    assert "eni-eni01" not in shown()
    cloud.control("POST", "interface", {"id": "eni-eni01", "attached": True, "primary": True})
    assert shown()["eni-eni01"]["Primary"]


def test_a_rule_and_a_ccn_are_changed_by_hand(cloud: Half) -> None:
    rule = {"protocol": "TCP", "port": "80", "cidr": "0.0.0.0/0", "action": "DROP"}
    cloud.control("POST", "rule", {"of": "sg-open0001", **rule})

    def rules() -> list[Document]:
        asked = {"SecurityGroupId": "sg-open0001"}
        found = cloud.call("vpc", "DescribeSecurityGroupPolicies", **asked)
        return list(found["SecurityGroupPolicySet"]["Ingress"])

    assert [each["Action"] for each in rules()] == ["DROP", "ACCEPT"]
    cloud.control("DELETE", "rule", {"of": "sg-open0001", "at": 0})
    assert [each["Action"] for each in rules()] == ["ACCEPT"]
    cloud.control("POST", "ccn", {"id": "ccn-shop0001", "state": "ISOLATED"})
    cloud.control("POST", "ccn", {"id": "ccn-shop0001", "detach": "vpc-router01"})
    (found,) = cloud.call("vpc", "DescribeCcns")["CcnSet"]
    assert (found["State"], found["InstanceCount"]) == ("ISOLATED", 1)


@pytest.mark.parametrize(
    ("mark", "field", "value"), [("isolated", "Isolation", 1), ("banned", "IsBlock", True)]
)
def test_an_isolated_or_banned_load_balancer_forwards_nothing(
    cloud: Half, pods: Pods, mark: str, field: str, value: object
) -> None:
    pod = pods.start(60, 8125, udp=True)
    lb = cloud.load_balancer()
    listener = cloud.listener(lb, 8125, "UDP")
    cloud.register(lb, listener, {"EniIp": pod.ip, "Port": 8125})

    def answers() -> bool:
        return datagram(cloud.vip(lb), 8125, "hello", seconds=0.5) is not None

    until(answers)
    cloud.control("POST", f"lb/{lb}", {mark: True})
    (found,) = cloud.clb("DescribeLoadBalancers", LoadBalancerIds=[lb])["LoadBalancerSet"]
    assert found[field] == value
    assert not answers()
    cloud.control("POST", f"lb/{lb}", {mark: False})
    until(answers)
