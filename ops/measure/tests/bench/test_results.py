"""What is printed and written of scenarios."""

import json
import unittest

from measure.bench.baselines.pgbench import PgbenchRate
from measure.bench.loads.wrk import Rate
from measure.bench.results import Baseline, Result, hundredths, table

ROUNDS = [Rate(4_000, 15, 26.051), Rate(5_000, 10, 20), Rate(3_000, 20, 40)]
SINGLE = Result(
    "single",
    "movements",
    64,
    ROUNDS,
    56 * 1024,
    Baseline("pgbench", "transactions", [PgbenchRate(1_500, 4), PgbenchRate(1_400, 5), PgbenchRate(1_700, 3)]),
)
MIXED = Result(
    "mixed", "reads", 64, ROUNDS[:2], 60 * 1024, others={"sampled_reads": 200}, note="beside 505 movements/s"
)


class Results(unittest.TestCase):
    def test_the_ratio_is_that_of_the_medians(self) -> None:
        self.assertEqual(SINGLE.ratio, 2.67)
        self.assertIsNone(MIXED.ratio)

    def test_each_is_a_row_and_notes_come_below(self) -> None:
        self.assertEqual(
            table([SINGLE, MIXED]).splitlines(),
            [
                "scenario             Khata/s  baseline  baseline/s  ratio  p50 ms  p99 ms  memory MiB",
                "single    movements     4000   pgbench        1500   2.67      15   26.05          56",
                "mixed         reads     4500         -           -      -    12.5   23.03          60",
                "mixed: beside 505 movements/s",
            ],
        )

    def test_the_figures_are_named_for_what_they_count(self) -> None:
        single = json.loads(json.dumps(SINGLE.json))
        self.assertEqual(single["movements_per_second"], 4_000)
        self.assertEqual(single["rounds"][0], [4_000, 15, 26.051])
        self.assertEqual(
            single["baseline"],
            {
                "server": "pgbench",
                "transactions_per_second": 1_500,
                "mean_ms": 4,
                "rounds": [[1_500, 4], [1_400, 5], [1_700, 3]],
            },
        )
        mixed = MIXED.json
        self.assertEqual((mixed["reads_per_second"], mixed["sampled_reads"], mixed["baseline"]), (4_500, 200, None))

    def test_hundredths_end_where_zeros_begin(self) -> None:
        self.assertEqual(
            [hundredths(value) for value in (26.051, 1.5, 20, 100.0, 0.004)], ["26.05", "1.5", "20", "100", "0"]
        )


if __name__ == "__main__":
    unittest.main()
