"""How to see each use limit of docs/use-limits.md in the demo world, and then see it pass.

    python -m sandbox.scenes LegacyAccount           # what has to be done is done
    python -m sandbox.scenes LegacyAccount --mend    # and its fix

The codes are those of podgate's checks; its tests play every scene and look through its eyes.
"""

from sandbox.scenes import balancer, cluster, network, pods, ports
from sandbox.scenes.scene import Scene

ROOMS: tuple[tuple[Scene, ...], ...] = (
    cluster.SCENES,
    network.SCENES,
    pods.SCENES,
    ports.SCENES,
    balancer.SCENES,
)
SCENES: dict[str, Scene] = {scene.code: scene for room in ROOMS for scene in room}
# What no scene shows, and why.
WHY = (
    "the network of Pods changes with their cluster's add-on only, and of Cilium-Overlay "
    "`CiliumOverlay` speaks first: said while the list of Pods is older than such a change"
)
UNSEEN = dict.fromkeys(("WrongNetworkMode", "SomeWrongNetworkMode"), WHY)
