"""TKE: the demo clusters as DescribeClusters and its companions show them."""

import json

import pytest

from tests.sandbox.tencent.half import Document, Half, Refused


def clusters(cloud: Half, **params: object) -> list[Document]:
    found: list[Document] = cloud.call("tke", "DescribeClusters", **params)["Clusters"]
    return found


def test_the_network_add_on_is_in_the_property_string_only(cloud: Half) -> None:
    found = {each["ClusterId"]: each for each in clusters(cloud)}
    properties = {id: json.loads(each["Property"]) for id, each in found.items()}
    assert properties["cls-vpccni01"]["NetworkType"] == "VPC-CNI"
    assert properties["cls-vpccni01"]["VpcCniType"] == "tke-route-eni"
    assert properties["cls-router01"]["NetworkType"] == "GR"
    assert properties["cls-cilium01"]["NetworkType"] == "CiliumOverlay"
    assert all("NetworkType" not in each["ClusterNetworkSettings"] for each in found.values())


def test_the_sdks_models_understand_the_answer(cloud: Half) -> None:
    from tencentcloud.tke.v20180525 import models

    request = models.DescribeClustersRequest()
    request.ClusterIds = ["cls-vpccni01"]
    (cluster,) = cloud.client("tke").DescribeClusters(request).Clusters
    assert cluster.ClusterNetworkSettings.Subnets == ["subnet-eni01", "subnet-eni02"]
    assert cluster.ClusterVersion == "1.30.0"


def test_clusters_are_filtered_and_paged(cloud: Half) -> None:
    by_name = [{"Name": "ClusterName", "Values": ["legacy"]}]
    assert [each["ClusterId"] for each in clusters(cloud, Filters=by_name)] == ["cls-oldk8s01"]
    assert len(clusters(cloud, Limit=3, Offset=2)) == 2
    assert clusters(cloud, ClusterIds=["cls-nothere1"]) == []


def test_status_endpoints_and_nodes(cloud: Half) -> None:
    status = cloud.call("tke", "DescribeClusterStatus", ClusterIds=["cls-vpccni01"])
    (shown,) = status["ClusterStatusSet"]
    nodes = cloud.call("tke", "DescribeClusterInstances", ClusterId="cls-vpccni01")
    assert shown["ClusterRunningNodeNum"] == nodes["TotalCount"] == len(nodes["InstanceSet"])
    endpoints = cloud.call("tke", "DescribeClusterEndpoints", ClusterId="cls-vpccni01")
    assert endpoints["ClusterIntranetEndpoint"] == f"{cloud.ip('0.11')}:6443"
    for extranet, word in ((False, "Created"), (True, "NotFound")):
        asked = {"ClusterId": "cls-vpccni01", "IsExtranet": extranet}
        assert cloud.call("tke", "DescribeClusterEndpointStatus", **asked)["Status"] == word


def test_vpc_cni_is_on_where_it_is_on(cloud: Half) -> None:
    on = cloud.call("tke", "DescribeIPAMD", ClusterId="cls-vpccni01")
    off = cloud.call("tke", "DescribeIPAMD", ClusterId="cls-router01")
    assert (on["EnableIPAMD"], on["SubnetIds"]) == (True, ["subnet-eni01", "subnet-eni02"])
    assert (off["EnableIPAMD"], off["SubnetIds"]) == (False, [])
    asked = cloud.call("tke", "DescribeEnableVpcCniProgress", ClusterId="cls-vpccni01")
    assert asked["Status"] == "Succeed"


def test_global_router_clusters_have_a_route_table_named_after_them(cloud: Half) -> None:
    tables = cloud.call("tke", "DescribeClusterRouteTables")["RouteTableSet"]
    by_name = {table["RouteTableName"]: table for table in tables}
    assert by_name["cls-router01"]["RouteTableCidrBlock"] == str(cloud.world.net.cidr("48.0/20"))


def test_an_unknown_cluster_is_an_error(cloud: Half) -> None:
    with pytest.raises(Refused) as refused:
        cloud.call("tke", "DescribeClusterEndpoints", ClusterId="cls-nothere1")
    assert refused.value.code == "InternalError.ClusterNotFound"
