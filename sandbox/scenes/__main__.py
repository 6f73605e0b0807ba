"""Plays a scene in a running sandbox, or writes their table into docs/use-limits.md (--write)."""

import argparse
import sys
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
    parser.add_argument("--lb", default="", help="the load balancer of the Service you look at")
    parser.add_argument(
        "--state", type=Path, default=Path(".sandbox"), help="state directory (.sandbox)"
    )
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    return parser


def main() -> int:
    options = arguments().parse_args()
    if options.write:
        PAGE.write_text(page(PAGE.read_text()))
        return 0
    if not options.code:
        print("\n".join(SCENES))
        return 0
    scene, facts = SCENES.get(options.code), world.written(options.state)
    if scene is None or facts is None:
        missing = f"scene {options.code}" if scene is None else f"sandbox in {options.state}"
        print(f"There is no {missing}.", file=sys.stderr)
        return 1
    if "{lb}" in repr((scene.broken, scene.mended)) and not options.lb:
        print("Bind a Service first and name its load balancer: --lb lb-...", file=sys.stderr)
        return 1
    play(scene, Stage(facts, scene.cluster, options.lb), mend=options.mend)
    return 0


def play(scene: Scene, stage: Stage, *, mend: bool) -> None:
    for step in (*scene.mended, *scene.after) if mend else scene.broken:
        done = stage.play(step)
        owner = "" if done else "in podgate: "
        print(f"{'done' if done else 'to do'}  {owner}{words(step)}")
    service = (mend and scene.mended_service) or scene.service
    where = (mend and scene.mended_cluster) or scene.cluster
    judged = said(service) if service else f"readiness for {scene.mode}"
    print(f"look at {where}: {judged}")


if __name__ == "__main__":
    sys.exit(main())
