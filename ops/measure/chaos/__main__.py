"""Breaks things while clients are at work, and checks what they were told. Ends with 1 if a promise was broken."""

import argparse
import contextlib
import secrets
import shutil
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from measure.chaos.catalog import SCENARIOS
from measure.chaos.clients.goods import ALL
from measure.chaos.report import Line, table, update_markdown
from measure.chaos.scenario import Scenario
from measure.chaos.testbed import Testbed
from measure.chaos.verdict import Skipped
from measure.command import Failed, add_options, end_with, existing, program, run_folder, say
from measure.report import write_json
from measure.servers.program import build_commit
from measure.servers.template import make_template


def main() -> int:
    options = parse_arguments()
    chosen = choose(options)
    if options.list:
        for scenario in SCENARIOS:
            print(f"{scenario.row:>3}  {scenario.name:32} {'' if scenario.is_short else 'long: '}{scenario.fault}")
        return 0
    started = time.monotonic()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    old, new = old_program(options), program(options)
    with run_folder("chaos") as (folder, journal):
        say("preparing a database")
        template = make_template(new, folder / "template", journal, ALL.catalog())

        def testbed(scenario: Scenario) -> Testbed:
            name = scenario.name.replace("/", "-")
            return Testbed(
                folder / name,
                new,
                old,
                template,
                journal,
                options.long,
                options.seconds,
                f"{seed}/{scenario.name}",
                options.logs / name if options.logs else None,
            )

        lines = run_all(chosen, testbed, options.jobs)
    mode = "long" if options.long else "short"
    write_json(options.json, mode=mode, seed=seed, lines=[line.json for line in lines])
    if options.markdown:
        update_markdown(options.markdown, lines, f"{mode}, seed {seed}")
    print(table(lines, max(80, shutil.get_terminal_size((160, 24)).columns)))
    print(f"{mode} mode, seed {seed}, {time.monotonic() - started:.0f} s; figures in {options.json}")
    return 0 if all(line.is_good for line in lines) else 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ops/chaos", description=__doc__)
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help="a name, its beginning up to a slash, or a row"
    )
    parser.add_argument("--short", action="store_true", help="in less than five minutes (the default)")
    parser.add_argument("--long", action="store_true", help="as often and as long as docs/reliability.md says")
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="for how long clients work, where a scenario does not say"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of what is left to chance; timing is not repeated")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="in which the lines of the table are replaced that are there"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="scenarios at a time, but for those that measure (3; long: 1)"
    )
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="for the logs of all servers")
    parser.add_argument("--list", action="store_true", help="the scenarios")
    add_options(parser, "chaos.json")
    upgraded = parser.add_mutually_exclusive_group()
    upgraded.add_argument("--old", type=Path, metavar="FILE", help="the khata from which is upgraded, and back")
    upgraded.add_argument("--from", dest="commit", metavar="COMMIT", help="the same, built from a commit")
    options = parser.parse_args()
    if options.short and options.long:
        parser.error("--short or --long")
    if options.markdown and not options.markdown.is_file():
        parser.error(f"there is no document {options.markdown}")
    options.jobs = options.jobs or (1 if options.long else 3)
    return options


def old_program(options: argparse.Namespace) -> Path | None:
    if options.commit:
        say(f"building {options.commit}")
        return build_commit(options.commit)
    return existing(options.old) if options.old else None


def choose(options: argparse.Namespace) -> list[Scenario]:
    chosen = []
    for name in options.scenarios:
        found = [each for each in SCENARIOS if name in (str(each.row), each.name, each.name.split("/")[0])]
        if not found:
            raise Failed(f"there is no scenario '{name}' (see --list)")
        chosen += found
    return chosen or [each for each in SCENARIOS if options.long or each.is_short]


def run_all(scenarios: list[Scenario], testbed: Callable[[Scenario], Testbed], jobs: int) -> list[Line]:
    """Some at a time; those that measure come last, each alone."""
    lines: dict[str, Line] = {}

    def work(queue: deque[Scenario]) -> None:
        with contextlib.suppress(IndexError):
            while True:
                scenario = queue.popleft()
                say(f"{scenario.row} {scenario.name}: {scenario.fault}")
                line = lines[scenario.name] = run(scenario, testbed(scenario))
                say(f"   {scenario.row} {scenario.name}: {line.word} ({line.seconds:.0f} s)")

    queue = deque(each for each in scenarios if not each.is_alone)
    # What a signal leaves of them ends with the process.
    threads = [Thread(target=work, args=(queue,), daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work(deque(each for each in scenarios if each.is_alone))
    return [lines[each.name] for each in scenarios]


def run(scenario: Scenario, testbed: Testbed) -> Line:
    start = time.monotonic()
    verdict, skipped, failed = None, None, None
    try:
        verdict = scenario.run(testbed)
    except Skipped as reason:
        skipped = str(reason)
    except Exception as error:
        traceback.print_exc()
        failed = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(testbed.folder, ignore_errors=True)
    return Line(scenario, verdict, skipped, failed, time.monotonic() - start)


if __name__ == "__main__":
    end_with(main)
