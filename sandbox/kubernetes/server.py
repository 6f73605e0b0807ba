"""Several HTTP servers in one event loop, none of which minds signals."""

import asyncio
import contextlib
from collections.abc import Generator
from pathlib import Path

import uvicorn

from sandbox.kubernetes.http import Application, Handler


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """The half's main decides when to stop."""
        yield


class Servers:
    """Serves handlers at addresses from `start` until `stop`."""

    def __init__(self) -> None:
        self._servers: list[_Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(
        self, handler: Handler, host: str, port: int, pair: tuple[Path, Path] | None = None
    ) -> None:
        """Listen; with a certificate and key over TLS. Returns when connections are accepted."""
        config = uvicorn.Config(
            Application(handler),
            host=host,
            port=port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
            ssl_certfile=str(pair[0]) if pair else None,
            ssl_keyfile=str(pair[1]) if pair else None,
        )
        server = _Server(config)
        task = asyncio.create_task(server.serve(), name=f"{host}:{port}")
        self._servers.append(server)
        self._tasks.append(task)
        while not server.started:
            if task.done():
                raise OSError(f"cannot listen on {host}:{port}: is the address in use?")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks, return_exceptions=True)
