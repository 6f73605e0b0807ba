"""The cloud's side of the facts: one function for each question, in the API's own words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import batched
from typing import Any

from console import ccn, tencent
from console import facts as stored
from console.container_routes import Ccn
from console.models import Account, Cluster
from services.binding.calls import LISTENER_PREFIX
from services.facts.asking import Key, Question
from services.limits.facts import BalancerFacts, Interface, Ipamd, SubnetFacts
from services.limits.security import SecurityGroup, group, with_templates
from services.spec import Access

# Values the VPC API takes in one filter; addresses a decision looks at, and a page or recheck.
VALUES_PER_FILTER = 5
MANY, FEW = 20, 5
BALANCERS_PER_CALL = 20
# Of a template of addresses; "ipmg-" is a group of such.
ADDRESSES = "ipm-"
TYPES = {Access.PUBLIC: "OPEN", Access.PRIVATE: "INTERNAL"}

type Row = Mapping[str, Any]


def question(cluster: Cluster, what: str, ask: Any, *more: object) -> Question:
    """Kept until the cluster's stored facts are read anew: a remedy does that."""
    key: Key = (cluster.pk, cluster.facts_at, what, *more)
    return Question(what, ask, key)


def of_account(account: Account, what: str, ask: Any, *more: object) -> Question:
    """The same for all clusters of an account: nothing that podgate does changes it."""
    return Question(what, ask, ("account", account.pk, what, *more))


def network(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = cluster.facts.get("network") or {}
    return found


def questions(cluster: Cluster, access: Access) -> dict[str, Question]:
    """What every Service with a load balancer is judged by."""
    account, kind = cluster.account, TYPES[access]
    return {
        "quotas": of_account(account, "clb:DescribeQuota", lambda: quotas(account)),
        "balancers": of_account(
            account, "clb:DescribeLoadBalancers", lambda: balancers(account, kind), kind
        ),
        "balance": of_account(account, "billing:DescribeAccountBalance", lambda: balance(account)),
    }


def of_eni(cluster: Cluster) -> dict[str, Question]:
    """What Pods on ENIs need."""
    subnet_ids = tuple(network(cluster).get("eni_subnet_ids") or ())
    return {
        "ipamd": question(cluster, "tke:DescribeIPAMD", lambda: ipamd(cluster)),
        "eni_subnets": question(
            cluster,
            "vpc:DescribeSubnets",
            lambda: subnet_facts(stored.subnets(cluster.account, subnet_ids)),
            "eni",
        ),
    }


def of_router(cluster: Cluster) -> dict[str, Question]:
    """What GlobalRouter Pods need."""
    account, net = cluster.account, network(cluster)
    cidrs = tuple(net.get("cluster_cidrs") or ())
    return {
        "account_type": of_account(
            account, "vpc:DescribeNetworkAccountType", lambda: account_type(account)
        ),
        "ccn": question(
            cluster,
            "vpc:DescribeCcnRoutes",
            lambda: read_ccn(account, str(net.get("vpc_id") or ""), cidrs),
        ),
    }


def of_private(cluster: Cluster) -> dict[str, Question]:
    """What a private load balancer needs; the subnets are those of the whole VPC."""
    return {
        "subnets": question(cluster, "vpc:DescribeSubnets", lambda: vpc_subnets(cluster), "all"),
        "vpc_cidr": question(cluster, "vpc:DescribeVpcs", lambda: vpc_cidr(cluster)),
    }


def of_addresses(cluster: Cluster, ips: Sequence[str]) -> dict[str, Question]:
    return {
        f"interfaces {number}": _of_some(cluster, some)
        for number, some in enumerate(batched(ips, VALUES_PER_FILTER))
    }


def _of_some(cluster: Cluster, ips: tuple[str, ...]) -> Question:
    """A new Pod's address shows on its interface a moment later: without it no answer lasts."""
    asked = question(
        cluster, "vpc:DescribeNetworkInterfaces", lambda: interfaces(cluster, ips), ips
    )
    return replace(asked, lasts=lambda found: {one.ip for one in found} >= set(ips))


def of_groups(cluster: Cluster, ids: Iterable[str]) -> dict[str, Question]:
    return {
        id: question(
            cluster,
            "vpc:DescribeSecurityGroupPolicies",
            lambda id=id: security_group(cluster.account, id),
            id,
        )
        for id in ids
    }


def of_balancer(cluster: Cluster, lb_id: str) -> Question:
    return question(
        cluster, "clb:DescribeLoadBalancers", lambda: balancer(cluster.account, lb_id), lb_id
    )


def of_balancers(cluster: Cluster, ids: tuple[str, ...]) -> Question:
    return question(
        cluster, "clb:DescribeLoadBalancers", lambda: some_balancers(cluster.account, ids), ids
    )


def quotas(account: Account) -> dict[str, int]:
    answer = tencent.call(account, "clb", "DescribeQuota")
    return {one["QuotaId"]: one["QuotaLimit"] for one in answer.get("QuotaSet") or ()}


def balancers(account: Account, kind: str) -> int:
    """How many load balancers of this type the account has in the region."""
    asked = {"LoadBalancerType": kind, "Limit": 1}
    return int(tencent.call(account, "clb", "DescribeLoadBalancers", asked)["TotalCount"])


def balance(account: Account) -> int:
    """What is left, in hundredths of a yuan; below zero the account is in arrears."""
    answer = tencent.call(account, "billing", "DescribeAccountBalance")
    left = answer.get("RealBalance")
    return int(answer["Balance"] if left is None else left)


def account_type(account: Account) -> str:
    return str(tencent.call(account, "vpc", "DescribeNetworkAccountType")["NetworkAccountType"])


def read_ccn(account: Account, vpc_id: str, cidrs: Sequence[str]) -> Ccn:
    return ccn.read(account, vpc_id, cidrs)


def ipamd(cluster: Cluster) -> Ipamd:
    asked = {"ClusterId": cluster.cluster_id}
    found = tencent.call(cluster.account, "tke", "DescribeIPAMD", asked)
    progress: Row = {}
    try:
        progress = tencent.call(cluster.account, "tke", "DescribeEnableVpcCniProgress", asked)
    except tencent.CloudError as error:
        # A cluster that was born with VPC-CNI has no such task.
        if error.code in {"NetworkError"} or isinstance(error, tencent.Throttled):
            raise
    return Ipamd(
        enabled=bool(found.get("EnableIPAMD")) and not found.get("DisableVpcCniMode"),
        phase=str(found.get("Phase") or ""),
        reason=str(found.get("Reason") or ""),
        progress=str(progress.get("Status") or ""),
        error=str(progress.get("ErrorMessage") or ""),
    )


def vpc_subnets(cluster: Cluster) -> list[dict[str, Any]]:
    """All subnets of the cluster's VPC with their free IPs."""
    vpc_id = network(cluster).get("vpc_id")
    if not vpc_id:
        raise stored.UnknownCluster(cluster.account, cluster.cluster_id)
    asked = {"Filters": [{"Name": "vpc-id", "Values": [vpc_id]}], "Limit": "100"}
    answer = tencent.call(cluster.account, "vpc", "DescribeSubnets", asked)
    return [stored.subnet(item) for item in answer.get("SubnetSet") or ()]


def subnet_facts(found: Iterable[Row]) -> tuple[SubnetFacts, ...]:
    return tuple(SubnetFacts(one["id"], one["free"], one["zone"]) for one in found)


def vpc_cidr(cluster: Cluster) -> str:
    vpc_id = network(cluster).get("vpc_id")
    answer = tencent.call(cluster.account, "vpc", "DescribeVpcs", {"VpcIds": [vpc_id]})
    return next((str(one["CidrBlock"]) for one in answer.get("VpcSet") or ()), "")


def interfaces(cluster: Cluster, ips: Sequence[str]) -> tuple[Interface, ...]:
    """Which network interface holds each of these addresses; those of none are missing."""
    filters = [{"Name": "address-ip", "Values": list(ips)}]
    if vpc_id := network(cluster).get("vpc_id"):
        filters.append({"Name": "vpc-id", "Values": [vpc_id]})
    asked = {"Filters": filters, "Limit": 100}
    answer = tencent.call(cluster.account, "vpc", "DescribeNetworkInterfaces", asked)
    return tuple(
        Interface(
            ip=address["PrivateIpAddress"],
            id=str(one["NetworkInterfaceId"]),
            vpc_id=str(one["VpcId"]),
            groups=tuple(one.get("GroupSet") or ()),
            is_node=bool(one.get("Primary")) and bool(address.get("Primary")),
        )
        for one in answer.get("NetworkInterfaceSet") or ()
        for address in one.get("PrivateIpAddressSet") or ()
        if address["PrivateIpAddress"] in ips
    )


def security_group(account: Account, id: str) -> SecurityGroup:
    asked = {"SecurityGroupId": id}
    answer = tencent.call(account, "vpc", "DescribeSecurityGroupPolicies", asked)
    policies = (answer.get("SecurityGroupPolicySet") or {}).get("Ingress") or ()
    return looked_into(account, group(id, policies))


def looked_into(account: Account, found: SecurityGroup) -> SecurityGroup:
    """With the addresses of the templates that its rules name; what cannot be read stays unclear.

    Groups of templates and templates of ports are not looked into.
    """
    ids = sorted({rule.named for rule in found.rules if rule.named.startswith(ADDRESSES)})
    addresses: dict[str, tuple[str, ...]] = {}
    for some in batched(ids, VALUES_PER_FILTER):
        asked = {"Filters": [{"Name": "address-template-id", "Values": list(some)}], "Limit": "100"}
        try:
            answer = tencent.call(account, "vpc", "DescribeAddressTemplates", asked)
        except tencent.CloudError:
            return found
        for one in answer.get("AddressTemplateSet") or ():
            addresses[str(one["AddressTemplateId"])] = tuple(one.get("AddressSet") or ())
    return with_templates(found, addresses)


def balancer(account: Account, lb_id: str) -> BalancerFacts | None:
    """The load balancer and the listeners on it that are not ours; None when it is gone."""
    asked = {"LoadBalancerIds": [lb_id]}
    try:
        found = tencent.call(account, "clb", "DescribeLoadBalancers", asked)["LoadBalancerSet"]
    except tencent.NotFound:
        return None
    if not found:
        return None
    by_id = {"LoadBalancerId": lb_id}
    listeners = tencent.call(account, "clb", "DescribeListeners", by_id).get("Listeners") or ()
    return balancer_facts(found[0], listeners)


def some_balancers(account: Account, ids: tuple[str, ...]) -> dict[str, BalancerFacts]:
    """Those of these load balancers that are there: of one that is gone nothing is answered."""
    asked = {"LoadBalancerIds": list(ids), "Limit": len(ids)}
    answer = tencent.call(account, "clb", "DescribeLoadBalancers", asked)
    return {row["LoadBalancerId"]: balancer_facts(row) for row in answer["LoadBalancerSet"]}


def balancer_facts(row: Row, listeners: Iterable[Row] = ()) -> BalancerFacts:
    address = next(iter(row.get("LoadBalancerVips") or ()), row.get("LoadBalancerDomain") or "")
    by_key = {f"{one['Protocol']}:{one['Port']}": one for one in listeners}
    names = {key: str(one.get("ListenerName") or "") for key, one in by_key.items()}
    checks = {key: one.get("HealthCheck") or {} for key, one in by_key.items()}
    return BalancerFacts(
        id=str(row["LoadBalancerId"]),
        vip=str(address),
        groups=tuple(row.get("SecureGroups") or ()),
        pass_to_target=bool(row.get("LoadBalancerPassToTarget")),
        delete_protected="DeleteProtect" in (row.get("AttributeFlags") or ()),
        isolated=bool(row.get("Isolation")),
        blocked=bool(row.get("IsBlock")),
        snat_pro=bool(row.get("SnatPro")),
        probed_from_vip=frozenset(
            key for key, one in checks.items() if one.get("SourceIpType") == 0
        ),
        foreign={key: name for key, name in names.items() if not name.startswith(LISTENER_PREFIX)},
    )
