"""Plays a scene in a running sandbox, prints its Service, or writes the docs (--write)."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox import world
from sandbox.scenes import SCENES, __doc__
from sandbox.scenes.page import page, said, words
from sandbox.scenes.scene import Scene
from sandbox.scenes.stage import Stage

PAGE = Path(__file__).parents[2] / "docs" / "use-limits.md"


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m sandbox.scenes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("code", nargs="?", help="of a limit; without one they are listed")
    parser.add_argument("--mend", action="store_true", help="do what makes it pass")
    parser.add_argument(
        "--service", action="store_true", help="print the Service that is judged, for preflight -f"
    )
    parser.add_argument("--lb", default="", help="the load balancer of the Service you look at")
    parser.add_argument(
        "--state", type=Path, default=Path(".sandbox"), help="state directory (.sandbox)"
    )
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    if options.write:
        PAGE.write_text(page(PAGE.read_text()))
        return 0
    if not options.code:
        print("\n".join(SCENES))
        return 0
    scene = SCENES.get(options.code)
    if scene is None:
        return _no(f"There is no scene {options.code}.")
    if options.service:
        return _print_service(scene, mended=options.mend)
    facts = world.written(options.state)
    if facts is None:
        return _no(f"There is no sandbox in {options.state}.")
    if "{lb}" in repr((scene.broken, scene.mended)) and not options.lb:
        return _no("Bind a Service first and name its load balancer: --lb lb-...")
    try:
        play(scene, Stage(facts, scene.cluster, options.lb), mend=options.mend)
    except OSError as error:
        return _no(f"The sandbox does not do it: {error}.")
    return 0


def _no(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


def _print_service(scene: Scene, *, mended: bool) -> int:
    documents = (mended and scene.mended_service) or scene.service
    if not documents:
        return _no(f"{scene.code} is about the cluster: preflight it without -f.")
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)}, indent=2))
    return 0


def play(scene: Scene, stage: Stage, *, mend: bool) -> None:
    for step in (*scene.mended, *scene.after) if mend else scene.broken:
        done = stage.play(step)
        print(f"{'done ' if done else 'to do'}  {'' if done else 'in podgate: '}{words(step)}")
    service = (mend and scene.mended_service) or scene.service
    where = (mend and scene.mended_cluster) or scene.cluster
    judged = said(service) if service else f"readiness for {scene.mode}"
    print(f"look at {where}: {judged}")


if __name__ == "__main__":
    sys.exit(main())
