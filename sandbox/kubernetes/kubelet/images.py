"""The image of a container: there, not to be had, or badly named, in containerd's own words."""

import re
from typing import TYPE_CHECKING

from sandbox.kubernetes.kubelet.container import LAST_BACKOFF, Container

if TYPE_CHECKING:
    from sandbox.kubernetes.kubelet.worker import Worker

# So long (emulated) an attempt takes that fails, and the first pause after it.
PULL_SECONDS, FIRST_PAUSE = 1.0, 10
NAME = re.compile(r"[a-z0-9]+([._/:-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?")
# Tags that no registry has; the annotation `image-pull` says the same of any image.
MISSING_TAGS = ("missing", "does-not-exist")


async def pull(worker: "Worker", container: Container) -> None:
    """Returns once the image is there; until then the container waits, and says why."""
    image = str(container.spec.get("image", ""))
    pause = FIRST_PAUSE
    while why := trouble(image, worker.behaviour.image_pull):
        reason, message = why
        if reason == "InvalidImageName":
            worker.warn("InspectFailed", message)
            worker.warn("Failed", "Error: InvalidImageName")
            _wait_with(worker, container, reason, message)
            await worker.plane.clock.sleep(pause)
            continue
        worker.say("Pulling", f'Pulling image "{image}"')
        await worker.plane.clock.sleep(PULL_SECONDS)
        message = f'Failed to pull image "{image}": {message}'
        worker.warn("Failed", message)
        worker.warn("Failed", "Error: ErrImagePull")
        _wait_with(worker, container, "ErrImagePull", message.partition(": ")[2])
        await worker.plane.clock.sleep(PULL_SECONDS)
        worker.say("BackOff", f'Back-off pulling image "{image}"')
        worker.warn("Failed", "Error: ImagePullBackOff")
        _wait_with(worker, container, "ImagePullBackOff", f'Back-off pulling image "{image}"')
        await worker.plane.clock.sleep(pause)
        pause = min(pause * 2, LAST_BACKOFF)
    worker.say("Pulled", f'Container image "{image}" already present on machine')


def trouble(image: str, told: str) -> tuple[str, str] | None:
    """Why the image cannot be had, as (reason, message); pure. `told` is the annotation."""
    if not NAME.fullmatch(image):
        why = "repository name must be lowercase" if image != image.lower() else ""
        said = f"invalid reference format{': ' if why else ''}{why}"
        return "InvalidImageName", (
            f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
            f"{said}"
        )
    full = qualified(image)
    failed = f'failed to pull and unpack image "{full}": failed to resolve reference "{full}"'
    if told == "missing" or full.rpartition(":")[2] in MISSING_TAGS:
        return "ErrImagePull", (f"rpc error: code = NotFound desc = {failed}: {full}: not found")
    if told == "denied":
        return "ErrImagePull", (
            f"rpc error: code = Unknown desc = {failed}: pull access denied, repository does not "
            "exist or may require authorization: server message: insufficient_scope: "
            "authorization failed"
        )
    if told == "timeout":
        registry = full.partition("/")[0]
        return "ErrImagePull", (
            f"rpc error: code = DeadlineExceeded desc = {failed}: failed to do request: Head "
            f'"https://{registry}/v2/": dial tcp: i/o timeout'
        )
    return None


def qualified(image: str) -> str:
    """With registry and tag, as containerd names it."""
    first, slash, _ = image.partition("/")
    if not (slash and ("." in first or ":" in first)):
        image = f"docker.io/{image if slash else f'library/{image}'}"
    name = image.rpartition("/")[2]
    return image if ":" in name or "@" in name else f"{image}:latest"


def _wait_with(worker: "Worker", container: Container, reason: str, message: str) -> None:
    container.state = {"waiting": {"reason": reason, "message": message}}
    worker.sync()
