"""Asking the API server for a container's log."""

from collections.abc import Iterator
from dataclasses import dataclass

from console import kube, secrets
from console.models import Cluster
from workloads.logs.lines import Line, line, lines, since

TAILS = (100, 500, 2000, 5000)
# A page is not a pager: what is longer is for the download.
PAGE_BYTES = 4 << 20
DOWNLOAD_BYTES = 64 << 20
# A container that says nothing is asked again this often; also how long a reader outlives its page.
SILENCE = 15.0


@dataclass(frozen=True)
class Where:
    """One container's log; `previous`: of the run before this one."""

    namespace: str
    pod: str
    container: str
    previous: bool = False

    @property
    def path(self) -> str:
        return kube.path("Pod", self.namespace, self.pod, "log")

    def options(self) -> dict[str, str]:
        found = {"container": self.container} if self.container else {}
        return found | ({"previous": "true"} if self.previous else {})


@dataclass(frozen=True)
class Read:
    """What was read; `error` in the API server's words, `waiting` when it will come by itself."""

    lines: tuple[Line, ...] = ()
    error: str = ""
    waiting: bool = False
    # There is no such Pod any more.
    gone: bool = False


def tail(cluster: Cluster, where: Where, number: int) -> Read:
    try:
        body = kube.connect(cluster).text(
            where.path,
            **where.options(),
            tailLines=number,
            timestamps="true",
            limitBytes=PAGE_BYTES,
        )
    except (kube.KubeError, secrets.Unreadable) as error:
        gone = isinstance(error, kube.NotFound)
        return Read(error=str(error), waiting=is_waiting(error), gone=gone)
    return Read(tuple(lines(body)))


def whole(cluster: Cluster, where: Where) -> bytes:
    """For the download, as the container wrote it, with its time stamps. KubeError."""
    return kube.connect(cluster).text(
        where.path, **where.options(), timestamps="true", limitBytes=DOWNLOAD_BYTES
    )


def follow(cluster: Cluster, where: Where, last: str) -> Iterator[Line]:
    """Lines from about `last` on, until the run or our patience ends. KubeError."""
    asked = {"sinceTime": since(last)} if last else {"tailLines": "0"}
    door = kube.connect(cluster)
    found = door.follow(where.path, silence=SILENCE, **where.options(), **asked, timestamps="true")
    return (line(raw) for raw in found)


def is_waiting(error: Exception) -> bool:
    """A container that has not started: 400, and nothing is wrong with the question."""
    return getattr(error, "status", 0) == 400 and "waiting to start" in str(error)
