"""The ledger as the database has it, and how it compares with what clients were told."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from measure.chaos.history import History, Level
from measure.servers.postgres import PostgresServer


@dataclass(frozen=True, slots=True)
class Entry:
    position: int
    level: Level
    delta: int
    on_hand: int
    reference: str | None


class Ledger:
    """The movements of all stores."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: (entry.level.store, entry.position))
        self._of_level: dict[Level, list[Entry]] = defaultdict(list)
        self._products: dict[int, set[int]] = defaultdict(set)
        for entry in self.entries:
            self._of_level[entry.level].append(entry)
            self._products[entry.level.store].add(entry.level.product)
        self._positions = {level: [entry.position for entry in found] for level, found in self._of_level.items()}

    @classmethod
    def read(cls, server: PostgresServer) -> "Ledger":
        rows = server.execute(
            """
            SELECT store_id, position, product_id, on_hand_after, reference,
                CASE WHEN type IN ('stock-in', 'transfer-in') THEN quantity ELSE -quantity END
            FROM movements
            """
        )
        return cls(
            Entry(int(position), Level(int(store), int(product)), int(delta), int(on_hand), reference)  # type: ignore[arg-type]
            for store, position, product, on_hand, reference, delta in rows
        )

    def products(self, store: int) -> set[int]:
        """Those that ever were in a store."""
        return self._products[store]

    def version(self, level: Level, position: int) -> int:
        """How many movements of a level there were up to a position of its store."""
        return bisect_right(self._positions.get(level, []), position)

    def entry(self, level: Level, version: int) -> Entry:
        return self._of_level[level][version - 1]

    def on_hand(self, level: Level, version: int) -> int:
        return self.entry(level, version).on_hand if version else 0

    def versions(self, level: Level) -> int:
        return len(self._of_level.get(level, []))


@dataclass
class ExactlyOnce:
    """Of the lines that clients wanted recorded."""

    acknowledged: int = 0
    # Nobody knows from the answers; the ledger does.
    pending: int = 0
    pending_recorded: int = 0
    lost: int = 0
    twice: int = 0
    # Recorded, but not as the client was told.
    altered: int = 0
    # Of a client's reference, which the client was told is not recorded, or never sent.
    uninvited: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        return not (self.lost or self.twice or self.altered or self.uninvited)

    def add(self, other: "ExactlyOnce") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


def check_exactly_once(history: History, ledger: Ledger) -> ExactlyOnce:
    """Every acknowledged change is in the ledger once, as told, and nothing else is there of what clients sent."""
    result = ExactlyOnce()
    recorded: dict[tuple[str, Level], list[Entry]] = defaultdict(list)
    for entry in ledger.entries:
        if entry.reference is not None:
            recorded[entry.reference, entry.level].append(entry)
    known: set[tuple[str, Level]] = set()
    for write in history.writes:
        for index, change in enumerate(write.changes):
            key = change.reference, change.level
            known.add(key)
            found = recorded.get(key, [])
            if len(found) > 1:
                result.twice += 1
                result.examples.append(f"twice: {change}")
            if write.recorded is None:
                result.pending += 1
                result.pending_recorded += bool(found)
                continue
            result.acknowledged += 1
            told = write.recorded[index]
            if not found:
                result.lost += 1
                result.examples.append(f"lost: {change}, acknowledged at {told.position}")
            elif not any((entry.position, entry.on_hand) == (told.position, told.on_hand) for entry in found):
                result.altered += 1
                result.examples.append(f"altered: {change} was acknowledged as {told}, the ledger has {found}")
            if found and any(entry.delta != change.delta for entry in found):
                result.altered += 1
                result.examples.append(f"altered: {change}, the ledger has {found}")
    for key in recorded.keys() - known:
        result.uninvited += 1
        result.examples.append(f"uninvited: {recorded[key]}")
    return result


# Each has to be empty.
CONSERVATION = {
    "levels that are not the sum of their movements": """
        SELECT * FROM (
            SELECT store_id, product_id,
                sum(CASE WHEN type IN ('stock-in', 'transfer-in') THEN quantity ELSE -quantity END) AS on_hand
            FROM movements GROUP BY store_id, product_id) s
        FULL JOIN stock_levels l USING (store_id, product_id)
        WHERE s.on_hand IS DISTINCT FROM l.on_hand""",
    "levels that are not what their last movement left": """
        SELECT * FROM (
            SELECT DISTINCT ON (store_id, product_id) store_id, product_id, position, on_hand_after
            FROM movements ORDER BY store_id, product_id, position DESC) m
        FULL JOIN stock_levels l USING (store_id, product_id)
        WHERE (m.on_hand_after, m.position) IS DISTINCT FROM (l.on_hand, l.position)""",
    "movements that do not follow from the one before": """
        SELECT * FROM (
            SELECT on_hand_after,
                CASE WHEN type IN ('stock-in', 'transfer-in') THEN quantity ELSE -quantity END AS delta,
                lag(on_hand_after, 1, 0::bigint) OVER (PARTITION BY store_id, product_id ORDER BY position) AS before
            FROM movements) m
        WHERE before + delta <> on_hand_after""",
    "transfers that make or lose goods": """
        SELECT transfer_id FROM movements WHERE transfer_id IS NOT NULL GROUP BY transfer_id
        HAVING count(*) <> 2 OR count(DISTINCT product_id) <> 1 OR count(DISTINCT quantity) <> 1
            OR count(*) FILTER (WHERE type = 'transfer-out') <> 1 OR count(*) FILTER (WHERE type = 'transfer-in') <> 1
            OR count(DISTINCT store_id) <> 2""",
    "ledgers with gaps": """
        SELECT store_id FROM audit_log GROUP BY store_id HAVING max(position) <> count(*)
        UNION SELECT s.store_id FROM stores s
        WHERE s.position <> (SELECT count(*) FROM audit_log a WHERE a.store_id = s.store_id)""",
    "movements without their audit entry": """
        SELECT m.store_id FROM movements m LEFT JOIN audit_log a USING (store_id, position) WHERE a.hash IS NULL""",
}


def check_conservation(server: PostgresServer) -> dict[str, int]:
    """What does not add up, and how often."""
    counts: Counter[str] = Counter()
    for name, query in CONSERVATION.items():
        if count := int(server.value(f"SELECT count(*) FROM ({query}) defects") or 0):
            counts[name] = count
    return dict(counts)
