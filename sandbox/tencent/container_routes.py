"""TKE's own side of the CCN: container ranges of GlobalRouter clusters, registered and taken out.

The toggle of TKE's console calls these; the public SDK does not know them, and an endpoint may not
have them: a setting of the sandbox takes them away.
"""

from sandbox.tencent.cloud import Cloud
from sandbox.tencent.errors import refuse
from sandbox.tencent.networks import Ccn, is_global_router
from sandbox.tencent.registry import TKE, Answer, Call
from sandbox.tencent.shapes import Shape, Text

PLACE: dict[str, Shape] = {"VpcId*": Text(), "ClusterCIDR*": Text()}


@TKE.action("AddClusterCIDRToCcn", PLACE)
def add_cluster_cidr_to_ccn(cloud: Cloud, call: Call) -> Answer:
    """The route is enabled at once, unless its range conflicts with one that is."""
    ccn, vpc_id, cidr = _place(cloud, call)
    cloud.networks.announce(ccn, vpc_id, cidr)
    return {}


@TKE.action("DeleteClusterCIDRFromCcn", PLACE)
def delete_cluster_cidr_from_ccn(cloud: Cloud, call: Call) -> Answer:
    ccn, vpc_id, cidr = _place(cloud, call)
    cloud.networks.withdraw(ccn, vpc_id, cidr)
    return {}


def _place(cloud: Cloud, call: Call) -> tuple[Ccn, str, str]:
    if not cloud.networks.has_tke_ccn:
        refuse("InvalidAction", f"The action `{call.action}` of `tke` is invalid.")
    vpc_id, cidr = call.params["VpcId"], call.params["ClusterCIDR"]
    ranges = {
        str(each)
        for cluster in cloud.world.clusters
        if cluster.vpc.id == vpc_id and is_global_router(cluster)
        for each in cluster.pod_cidrs
    }
    if cidr not in ranges:
        refuse("InvalidParameter", f"{cidr} is not the container network of a cluster in {vpc_id}.")
    ccn = cloud.networks.ccn_of(vpc_id)
    if ccn is None:
        refuse("FailedOperation", f"{vpc_id} is not attached to a CCN.")
    return ccn, vpc_id, cidr
