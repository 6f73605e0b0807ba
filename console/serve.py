"""`python -m console.serve`: the web process, which ends within a second, open streams and all."""

import argparse
import warnings
from types import FrameType

import uvicorn

from console import heap


class Server(uvicorn.Server):
    """uvicorn waits for open responses; a stream never ends by itself, so we end them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        from console.live.hub import hub

        loop = getattr(self, "loop", None)
        if loop is not None:
            loop.call_soon_threadsafe(hub.close)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        import asyncio

        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)  # type: ignore[arg-type]
        # Else a collection looks at it all in the middle of a page.
        heap.freeze()


def main() -> None:
    parser = argparse.ArgumentParser(prog="console.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--access-log", action="store_true")
    options = parser.parse_args()
    # Static files are read whole before they are sent; they are small, and this is meant.
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous")
    config = uvicorn.Config(
        "console.asgi:application",
        host=options.host,
        port=options.port,
        access_log=options.access_log,
        lifespan="off",
        timeout_graceful_shutdown=2,
        log_level="warning",
        # Not its own handlers: the settings' one scrubs credentials.
        log_config=None,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
