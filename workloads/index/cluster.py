"""The threads of one cluster: a writer, a follower per kind, and a pulse that asks for /version."""

import threading
import time
from typing import Any

import msgspec

from console import kube
from console.models import Cluster
from workloads.index import tables
from workloads.index.follow import Follower
from workloads.index.pace import Pace
from workloads.index.writer import Writer


class Version(msgspec.Struct, rename="camel"):
    """The answer of GET /version."""

    git_version: str = ""


class ClusterWatch:
    def __init__(self, cluster: Cluster, on_change: Any, pace: Pace) -> None:
        self.cluster = cluster
        self.pace = pace
        self.stopping = threading.Event()
        # Set by the pulse, read by the loop that writes it down.
        self.version = cluster.kubernetes_version
        self.trouble: str | None = None
        self.heard_at = 0.0
        self.writer = Writer(cluster, on_change)
        self.followers = [
            Follower(cluster, kind, self.writer, add_on=add_on(cluster), pace=pace)
            for kind in tables.FOLLOWED
        ]
        jobs = [self.writer.run, self._pulse, *(follower.run for follower in self.followers)]
        self.threads = [
            threading.Thread(target=job, name=f"{cluster.cluster_id}-{number}", daemon=True)
            for number, job in enumerate(jobs)
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end; watches end with their next event or their time-out."""
        self.stopping.set()
        for follower in self.followers:
            follower.stop.set()
        self.writer.stop()

    @property
    def is_current(self) -> bool:
        """Whether what the index has is what the API server has, as far as anyone can tell."""
        return (
            self.trouble == ""
            and time.monotonic() - self.heard_at < 2 * self.pace.look + 1
            and all(follower.is_current for follower in self.followers)
        )

    def _pulse(self) -> None:
        """Unreachable, expired or refused: known within seconds, whatever the watches do."""
        while not self.stopping.is_set():
            try:
                found = kube.connect(self.cluster).get("/version", Version)
            except kube.KubeError as error:
                self.trouble = words(error)
            except Exception as error:  # credentials that cannot be decrypted, for one
                self.trouble = f"{type(error).__name__}: {error}"
            else:
                self.version, self.trouble = found.git_version, ""
                self.heard_at = time.monotonic()
            self.stopping.wait(self.pace.look)


def add_on(cluster: Cluster) -> str:
    """The cluster's network add-on as DescribeClusters told it, or empty."""
    found = (cluster.facts or {}).get("network") or {}
    return str(found.get("add_on", ""))


def words(error: kube.KubeError) -> str:
    """Why the API server cannot be used, and what to look at."""
    if error.status == 401:
        return f"The API server refused the credentials (401): they may have expired. {error}"
    if error.status == 403:
        return f"The credentials may not do this (403). {error}"
    if error.status == 0:
        return f"The API server cannot be reached. {error}"
    return f"The API server answered {error.status}. {error}"
