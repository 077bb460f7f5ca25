"""What wrk and pgbench print."""

import unittest

from measure.bench.baselines.pgbench import PgbenchRate
from measure.bench.loads.wrk import Outcome, Rate
from measure.command import Failed

WRK = """\
Running 2s test @ http://127.0.0.1:20410
  2 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    15.05ms    3.10ms  40.11ms   80.00%
    Req/Sec     2.14k   170.10     2.50k    70.00%
  8572 requests in 2.00s, 3.21MB read
Requests/sec:   4286.00
Transfer/sec:      1.60MB
result 8572 0 0 2.000500 15.046 26.051
"""

PGBENCH = """\
pgbench (15.20 (Debian 15.20-0+deb12u1))
transaction type: movement.pgbench.sql
scaling factor: 1
query mode: prepared
number of clients: 16
number of threads: 2
duration: 2 s
number of transactions actually processed: 7180
number of failed transactions: 0 (0.000%)
latency average = 4.444 ms
initial connection time = 21.318 ms
tps = 3600.271854 (without initial connection time)
"""


class Wrk(unittest.TestCase):
    def test_the_line_of_the_script_is_found(self) -> None:
        self.assertEqual(Outcome.parse(WRK), Outcome(8572, 0, 0, 2.0005, 15.046, 26.051))

    def test_output_without_it_is_a_failure(self) -> None:
        for output in ("", WRK.replace("result", "unable to connect"), WRK.replace(" 26.051", ""), WRK + WRK):
            with self.assertRaises(Failed):
                Outcome.parse(output)

    def test_what_was_refused_or_lost_is_not_whole(self) -> None:
        self.assertTrue(Outcome(1, 0, 0, 1, 1, 1).is_whole)
        for outcome in (Outcome(0, 0, 0, 1, 1, 1), Outcome(2, 1, 0, 1, 1, 1), Outcome(2, 0, 1, 1, 1, 1)):
            self.assertFalse(outcome.is_whole)

    def test_a_batch_counts_for_its_lines(self) -> None:
        outcome = Outcome.parse(WRK)
        self.assertEqual(outcome.rate(), Rate(4284.9, 15.046, 26.051))
        self.assertEqual(outcome.rate(per_request=100), Rate(428492.9, 15.046, 26.051))


class Pgbench(unittest.TestCase):
    def test_its_rate_and_mean_are_found(self) -> None:
        self.assertEqual(PgbenchRate.parse(PGBENCH), PgbenchRate(3600.3, 4.444))

    def test_output_without_them_is_a_failure(self) -> None:
        with self.assertRaises(Failed):
            PgbenchRate.parse("pgbench: error: client 3 aborted")


if __name__ == "__main__":
    unittest.main()
