from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.spec import (
    Access,
    CheckType,
    ClaimBy,
    HealthCheck,
    Port,
    Protocol,
    ServiceSpec,
    claim,
    from_manifest,
    manifest,
    tke_service_config,
)

names = st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
checks = st.builds(
    HealthCheck,
    enabled=st.booleans(),
    type=st.sampled_from(CheckType),
    path=st.sampled_from(["/", "/healthz"]),
    domain=st.sampled_from(["", "shop.example.com"]),
    interval=st.integers(2, 300),
    timeout=st.integers(2, 60),
    healthy=st.integers(2, 10),
    unhealthy=st.integers(2, 10),
)
numbers = st.integers(1, 65535)


@st.composite
def specs(draw: st.DrawFn) -> ServiceSpec:
    access = draw(st.sampled_from(Access))
    has_lb = access in {Access.PUBLIC, Access.PRIVATE}
    owner = draw(st.sampled_from([None, *ClaimBy])) if has_lb else None
    common = draw(checks) if has_lb else HealthCheck()
    ports = draw(
        st.lists(
            st.builds(
                Port,
                protocol=st.sampled_from(Protocol),
                port=numbers,
                target=st.one_of(numbers, names),
                name=st.one_of(st.just(""), names),
                node_port=st.one_of(st.none(), numbers)
                if access is Access.NODE_PORT
                else st.none(),
                health=st.one_of(st.none(), checks) if has_lb else st.none(),
            ),
            min_size=1,
            max_size=4,
            unique_by=lambda port: (port.protocol, port.port),
        )
    )
    # The first port has the Service's check; others say only what differs from it.
    ports = [
        replace(port, health=None) if not place or port.health == common else port
        for place, port in enumerate(ports)
    ]
    return ServiceSpec(
        namespace=draw(names),
        name=draw(names),
        access=access,
        ports=tuple(ports),
        selector=tuple(sorted(draw(st.dictionaries(names, names, max_size=3)).items())),
        description=draw(st.text(max_size=20)),
        claim=owner,
        direct=draw(st.booleans()) if has_lb else True,
        subnet_id="subnet-1" if access is Access.PRIVATE else "",
        headless=draw(st.booleans()) if access is Access.CLUSTER_IP else False,
        local_traffic=draw(st.booleans()),
        session_seconds=draw(st.one_of(st.none(), st.integers(30, 3600))),
        health=common,
    )


@dataclass(frozen=True)
class FakeCluster:
    binder: str


# An unclaimed LoadBalancer made by TKE without a class, and every claim, read back as written.
@given(specs())
def test_reading_a_manifest_gives_back_the_spec_it_was_written_from(spec: ServiceSpec) -> None:
    assert from_manifest(manifest(spec), tke_service_config(spec)) == spec


@given(specs())
def test_a_service_is_claimed_only_where_podgate_binds(spec: ServiceSpec) -> None:
    assert claim(manifest(spec), FakeCluster("console")) == spec.claim
    assert claim(manifest(spec), FakeCluster("tke")) is None


def test_direct_access_alone_claims_nothing() -> None:
    spec = ServiceSpec("shop", "bar", Access.PUBLIC, (Port(Protocol.TCP, 80, 8080),), direct=True)
    assert claim(manifest(spec), FakeCluster("console")) is None


def test_the_claim_annotation_counts_only_on_a_cluster_ip_service() -> None:
    spec = ServiceSpec(
        "shop", "bar", Access.PUBLIC, (Port(Protocol.TCP, 80, 8080),), claim=ClaimBy.ANNOTATION
    )
    changed = manifest(spec)
    changed["spec"]["type"] = "NodePort"
    assert claim(changed, FakeCluster("console")) is None


def test_defaults_need_no_tke_service_config() -> None:
    spec = ServiceSpec("shop", "bar", Access.PUBLIC, (Port(Protocol.TCP, 80, 8080),))
    assert tke_service_config(spec) is None


def test_sctp_is_refused_by_name() -> None:
    service = {
        "metadata": {"name": "bar"},
        "spec": {"ports": [{"port": 1, "protocol": "SCTP"}]},
    }
    with pytest.raises(ValueError, match="SCTP"):
        from_manifest(service)
