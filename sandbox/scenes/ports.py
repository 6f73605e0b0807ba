"""Scenes of ports, probes and port mappings."""

from sandbox.scenes.pods import made
from sandbox.scenes.scene import PLAIN, Apply, Control, Scene, on, service, workload

HTTP, METRICS = ("TCP", 80, 8080), ("TCP", 80, 9090)


def unprobed() -> Apply:
    found, template = workload("no-probe")
    del template["spec"]["containers"][0]["readinessProbe"]
    return Apply(found, "no readinessProbe")


SCENES = (
    Scene(
        "NoSuchPortName",
        service=service(("TCP", 80, "web")),
        mended_service=service(("TCP", 80, "http")),
    ),
    Scene(
        "PortNameMissing",
        service=service(("TCP", 80, "http"), selector={"seen": "names"}),
        broken=(
            made("names-one", "its port is http", seen="names"),
            made("names-two", "its port is web", seen="names", ports=(("web", 8080),)),
        ),
        mended=(made("names-two", "its port is http too", seen="names"),),
    ),
    Scene(
        "ContainerPortMissing",
        service=service(("TCP", 80, 9999)),
        mended_service=PLAIN,
    ),
    Scene(
        "NoReadinessProbe",
        service=on("no-probe"),
        broken=(unprobed(),),
        mended=(made("no-probe", "with a readinessProbe"),),
    ),
    Scene("ProbeOnAnotherPort", service=service(METRICS), mended_service=PLAIN),
    Scene(
        "DuplicatePort",
        service=service(HTTP, METRICS),
        mended_service=service(HTTP, ("TCP", 81, 9090)),
    ),
    Scene(
        "DuplicateTarget",
        service=service(HTTP, ("TCP", 81, "http")),
        mended_service=service(HTTP, ("TCP", 81, 9090)),
    ),
    Scene(
        "ProtocolMix",
        service=service(HTTP, ("UDP", 53, 5353), claim="tke"),
        mended_service=service(HTTP, ("UDP", 53, 5353), claim="class"),
    ),
    Scene(
        "PortTaken",
        service=PLAIN,
        broken=(Control("lb/{lb}/listeners", {"port": 80, "name": "by-hand"}),),
        mended_service=service(("TCP", 81, 8080)),
        bound=True,
    ),
)
