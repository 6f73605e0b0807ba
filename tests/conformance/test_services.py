from typing import Any

import pytest

from tests.conformance.place import Place, service

CLASS = {"type": "LoadBalancer", "loadBalancerClass": "podgate.dev/clb"}


def test_a_service_gets_an_address_and_defaults(place: Place) -> None:
    spec = place.made("services", service())["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["clusterIP"] == spec["clusterIPs"][0]
    assert spec["sessionAffinity"] == "None"
    assert spec["internalTrafficPolicy"] == "Cluster"
    assert spec["ports"] == [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    assert "nodePort" not in spec["ports"][0]


def test_the_target_port_defaults_to_the_port(place: Place) -> None:
    spec = place.made("services", service(ports=[{"port": 80}]))["spec"]
    assert spec["ports"][0]["targetPort"] == 80


def test_a_headless_service_has_no_address(place: Place) -> None:
    assert place.made("services", service(clusterIP="None"))["spec"]["clusterIP"] == "None"


def test_node_ports_are_given_out_and_taken_back(place: Place) -> None:
    made = place.made("services", service(type="NodePort"))
    assert 30000 <= made["spec"]["ports"][0]["nodePort"] <= 32767
    patch = {"spec": {"type": "ClusterIP"}}
    after = place.api.patch(place.path("services", "web"), patch).body
    assert "nodePort" not in after["spec"]["ports"][0]


def test_a_node_port_is_taken_once(place: Place) -> None:
    made = place.made("services", service(type="NodePort"))
    port = {"port": 80, "nodePort": made["spec"]["ports"][0]["nodePort"]}
    answer = place.make("services", service("other", type="NodePort", ports=[port]))
    assert (answer.code, answer.causes) == (422, ["spec.ports[0].nodePort"])
    assert "provided port is already allocated" in answer.message


def test_a_balanced_service_may_go_without_node_ports(place: Place) -> None:
    made = place.made("services", service(**CLASS, allocateLoadBalancerNodePorts=False))
    assert "nodePort" not in made["spec"]["ports"][0]
    assert made["spec"]["loadBalancerClass"] == "podgate.dev/clb"
    assert made["status"] == {"loadBalancer": {}}


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        ({"ports": []}, ["spec.ports"]),
        ({"ports": [{"port": 0, "targetPort": 80}]}, ["spec.ports[0].port"]),
        ({"ports": [{"port": 65536, "targetPort": 80}]}, ["spec.ports[0].port"]),
        ({"ports": [{"port": 80}, {"port": 81}]}, ["spec.ports[0].name", "spec.ports[1].name"]),
        (
            {"ports": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]},
            ["spec.ports[1].name"],
        ),
        ({"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 80}]}, ["spec.ports[1]"]),
        ({"ports": [{"port": 80, "protocol": "HTTP"}]}, ["spec.ports[0].protocol"]),
        ({"ports": [{"port": 80, "targetPort": "Not A Port"}]}, ["spec.ports[0].targetPort"]),
        ({"type": "Balanced"}, ["spec.type"]),
        ({"loadBalancerClass": "podgate.dev/clb"}, ["spec.loadBalancerClass"]),
        ({"sessionAffinity": "Cookie"}, ["spec.sessionAffinity"]),
        ({"selector": {"app": "not a value"}}, ["spec.selector"]),
    ],
)
def test_a_service_that_makes_no_sense_is_refused(
    place: Place, spec: dict[str, Any], fields: list[str]
) -> None:
    answer = place.make("services", service(**spec))
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.causes == fields


@pytest.mark.parametrize("name", ["1web", "Web", "web.shop", "a" * 64, "web-", "wéb"])
def test_a_service_name_is_a_dns_1035_label(place: Place, name: str) -> None:
    answer = place.make("services", service(name))
    assert answer.code == 422
    assert set(answer.causes) == {"metadata.name"}


def test_the_same_port_serves_two_protocols(place: Place) -> None:
    ports = [
        {"name": "t", "port": 53, "protocol": "TCP"},
        {"name": "u", "port": 53, "protocol": "UDP"},
    ]
    place.made("services", service(ports=ports))


def test_the_class_may_not_change_while_the_type_stays(place: Place) -> None:
    place.made("services", service(**CLASS))
    path = place.path("services", "web")
    answer = place.api.patch(path, {"spec": {"loadBalancerClass": "other.dev/class"}})
    assert (answer.code, answer.causes) == (422, ["spec.loadBalancerClass"])
    assert "may not change once set" in answer.message


def test_a_service_that_stops_being_balanced_loses_what_came_with_it(place: Place) -> None:
    place.made("services", service(**CLASS))
    after = place.api.patch(place.path("services", "web"), {"spec": {"type": "ClusterIP"}})
    assert after.code == 200
    for name in ("loadBalancerClass", "allocateLoadBalancerNodePorts", "externalTrafficPolicy"):
        assert name not in after.body["spec"]
    assert "nodePort" not in after.body["spec"]["ports"][0]


def test_the_address_may_not_change(place: Place) -> None:
    made = place.made("services", service())
    first, second, third, last = made["spec"]["clusterIP"].split(".")
    other = f"{first}.{second}.{third}.{(int(last) + 1) % 250}"
    patch = {"spec": {"clusterIP": other, "clusterIPs": [other]}}
    answer = place.api.patch(place.path("services", "web"), patch)
    assert answer.code == 422
    assert "may not change once set" in answer.message


def test_the_status_is_written_through_its_own_address(place: Place) -> None:
    place.made("services", service(**CLASS))
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}}
    path = place.path("services", "web")
    assert place.api.patch(path, status).body["status"]["loadBalancer"] == {}
    written = place.api.patch(place.path("services", "web", "status"), status).body
    assert written["status"]["loadBalancer"]["ingress"][0]["ip"] == "192.0.2.10"


def test_only_balanced_services_have_an_ingress(place: Place) -> None:
    place.made("services", service())
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}}
    answer = place.api.patch(place.path("services", "web", "status"), status)
    assert answer.code == 422
