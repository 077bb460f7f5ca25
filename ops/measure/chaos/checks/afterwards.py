"""What is checked after every scenario: row 11 of the table, and that nothing fell over."""

from measure.chaos.checks.ledger import ExactlyOnce, Ledger, check_conservation, check_exactly_once
from measure.chaos.checks.levels import LevelFigures, check_levels
from measure.chaos.history import History
from measure.chaos.verdict import Verdict
from measure.servers.postgres import PostgresServer
from measure.servers.stack import Stack


def check_afterwards(stack: Stack, history: History, verdict: Verdict, primary: PostgresServer | None = None) -> Ledger:
    """Conservation, chains, exactly once; answers that nobody should get; instances that ended by themselves."""
    primary = primary or stack.primary
    check_books(stack, verdict, primary)
    ledger = Ledger.read(primary)
    note_exactly_once(check_exactly_once(history, ledger), verdict)
    verdict.must(
        not history.surprises, f"{len(history.surprises)} answers that no client should get", history.surprises
    )
    check_alive(stack, verdict)
    return ledger


def check_books(stack: Stack, verdict: Verdict, primary: PostgresServer | None = None) -> None:
    """Sums equal levels, transfers neither make nor lose goods, every chain verifies."""
    for defect, count in check_conservation(primary or stack.primary).items():
        verdict.must(False, f"{count} {defect}")
    defects = stack.verify(primary)
    verdict.must(defects is None, "khata audit verify finds defects", [defects or ""])


def check_alive(stack: Stack, verdict: Verdict) -> None:
    for instance in stack.instances.values():
        process = instance.process
        verdict.must(
            process.is_alive,
            f"instance {instance.name} ended by itself ({process.exit_code})",
            [process.last_lines()],
        )


def note_exactly_once(result: ExactlyOnce, verdict: Verdict) -> None:
    verdict.note(acknowledged=result.acknowledged, lost=result.lost, twice=result.twice)
    if result.pending:
        verdict.note(of_unknown_outcome=result.pending)
    verdict.must(result.lost == 0, f"{result.lost} acknowledged are lost", result.examples)
    verdict.must(result.twice == 0, f"{result.twice} counted twice", result.examples)
    verdict.must(result.altered == 0, f"{result.altered} recorded otherwise than acknowledged", result.examples)
    verdict.must(result.uninvited == 0, f"{result.uninvited} recorded that nobody was told of", result.examples)


def note_levels(figures: LevelFigures, verdict: Verdict) -> None:
    verdict.note(
        reads=figures.reads,
        **{"% hits": round(100 * figures.hits / max(1, figures.reads))},
        stale=figures.stale,
        went_back=figures.went_back,
    )
    if figures.stale:
        verdict.note(ms_stale_at_most=round(figures.oldest_stale_ms, 1))
    if figures.unproven:
        verdict.note(marked_unproven=figures.unproven)
    for count, breach in (
        (figures.stale, f"reads lack what was acknowledged, by {figures.oldest_stale_ms:.0f} ms at most"),
        (figures.went_back, "reads lack what another read had shown"),
        (figures.wrong, "reads show what never was so at their position"),
        (figures.early, "reads show what nobody had asked for yet"),
        (figures.disorder, "movements stand in another order than they were acknowledged in"),
        (figures.wrong_refusals, "refusals name a level that was not there"),
        (figures.older_than_told, "reads lack what is older than the age that they tell"),
        (figures.below_minimum, "reads are older than their client asked for"),
    ):
        verdict.must(count == 0, f"{count} {breach}", figures.examples)


def check_reads(history: History, ledger: Ledger, verdict: Verdict) -> LevelFigures:
    figures = check_levels(history, ledger)
    note_levels(figures, verdict)
    return figures
