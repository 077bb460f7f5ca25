"""Breaks things while clients are at work, and checks what they were told. Ends with 1 if a promise was broken."""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from faults.bench import Bench
from faults.catalog import SCENARIOS
from faults.report import Line, document, table, update_markdown, write_json
from faults.scenario import Scenario
from faults.servers.template import Template, make_template
from faults.undo import Journal
from faults.verdict import Skipped

# PostgreSQL's own user has to get there.
PLACE = Path("/var/tmp")
FIGURES = Path(os.environ.get("KHATA_STATE", PLACE / "khata")) / "chaos.json"


def main() -> int:
    options = parse_arguments()
    chosen = choose(options)
    if options.list:
        for scenario in SCENARIOS:
            print(f"{scenario.row:>3}  {scenario.name:32} {'' if scenario.is_short else 'long: '}{scenario.fault}")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    started = time.monotonic()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    with Journal() as journal:
        folder = Path(tempfile.mkdtemp(prefix="khata-chaos.", dir=PLACE))
        journal.folder(folder)
        folder.chmod(0o711)
        say("preparing a database")
        template = make_template(options.program, folder / "template", journal)
        lines = run_all(chosen, lambda each: bench(options, each, seed, folder, template, journal), options.jobs)
    mode = "long" if options.long else "short"
    write_json(options.json, document(lines, seed, mode))
    if options.markdown:
        update_markdown(options.markdown, lines, f"{mode}, seed {seed}")
    print(table(lines))
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
    parser.add_argument("--json", type=Path, metavar="FILE", default=FIGURES, help=f"for the figures ({FIGURES})")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="in which the lines of the table are replaced that are there"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="scenarios at a time, but for those that measure (3; long: 1)"
    )
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="for the logs of all servers")
    parser.add_argument("--list", action="store_true", help="the scenarios")
    parser.add_argument("--program", type=Path, help="the khata to test (built from this checkout)")
    parser.add_argument(
        "--old", type=Path, metavar="PROGRAM", help="the khata from which is upgraded; --from COMMIT builds one"
    )
    options = parser.parse_args()
    if options.short and options.long:
        parser.error("--short or --long")
    if options.program is None and not options.list:
        parser.error("--program is missing")
    if options.markdown and not options.markdown.is_file():
        parser.error(f"there is no document {options.markdown}")
    options.jobs = options.jobs or (1 if options.long else 3)
    return options


def choose(options: argparse.Namespace) -> list[Scenario]:
    chosen = []
    for name in options.scenarios:
        found = [each for each in SCENARIOS if name in (str(each.row), each.name, each.name.split("/")[0])]
        if not found:
            sys.exit(f"ops/chaos: there is no scenario '{name}' (see --list)")
        chosen += found
    return chosen or [each for each in SCENARIOS if options.long or each.is_short]


def bench(
    options: argparse.Namespace, scenario: Scenario, seed: int, folder: Path, template: Template, journal: Journal
) -> Bench:
    return Bench(
        folder / scenario.name.replace("/", "-"),
        options.program.resolve(),
        options.old.resolve() if options.old else None,
        template,
        journal,
        options.long,
        options.seconds,
        f"{seed}/{scenario.name}",
        options.logs / scenario.name.replace("/", "-") if options.logs else None,
    )


def run_all(scenarios: list[Scenario], bench: Callable[[Scenario], Bench], jobs: int) -> list[Line]:
    """Some at a time; those that measure come last, each alone."""
    lines: dict[str, Line] = {}

    def work(queue: deque[Scenario]) -> None:
        with contextlib.suppress(IndexError):
            while True:
                scenario = queue.popleft()
                say(f"{scenario.row} {scenario.name}: {scenario.fault}")
                line = lines[scenario.name] = run(scenario, bench(scenario))
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


def run(scenario: Scenario, bench: Bench) -> Line:
    start = time.monotonic()
    verdict, skipped, failed = None, None, None
    try:
        verdict = scenario.run(bench)
    except Skipped as reason:
        skipped = str(reason)
    except Exception as error:
        traceback.print_exc()
        failed = f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    return Line(scenario, verdict, skipped, failed, time.monotonic() - start)


def say(text: str) -> None:
    print(f"== {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
