"""Queues whose waiting times have formulas, and a log that many share."""

import random
import unittest

from measure.capacity.simulation import Log, Processors, Simulation


def mean_time_s(cores: int, rate: float, service_s: float, seconds: float, is_exponential: bool) -> float:
    """From the arrival to the end, of work that arrives at random."""
    simulation, chance, took = Simulation(), random.Random(7), []
    processors = Processors(simulation, cores)

    def arrive() -> None:
        began = simulation.now
        work_s = chance.expovariate(1 / service_s) if is_exponential else service_s
        processors.use(work_s, lambda: took.append(simulation.now - began))
        simulation.after(chance.expovariate(rate), arrive)

    arrive()
    simulation.run(seconds)
    return sum(took) / len(took)


class Queues(unittest.TestCase):
    def test_one_processor_and_even_work_wait_as_pollaczek_and_khinchine_say(self) -> None:
        service_s, use = 0.001, 0.8
        expected = service_s + use * service_s / (2 * (1 - use))
        self.assertAlmostEqual(mean_time_s(1, use / service_s, service_s, 300, False) / expected, 1, delta=0.03)

    def test_two_processors_wait_as_erlang_says(self) -> None:
        # Erlang C for two servers: the probability to wait is 2u² / (1 + u). Time slices do not change the mean.
        service_s, use = 0.002, 0.7
        expected = service_s + 2 * use**2 / (1 + use) * service_s / (2 * (1 - use))
        self.assertAlmostEqual(mean_time_s(2, 2 * use / service_s, service_s, 600, True) / expected, 1, delta=0.03)

    def test_short_work_does_not_wait_for_long_work_to_end(self) -> None:
        simulation, ended = Simulation(), {}
        processors = Processors(simulation, 1)
        # Both are there when the processor becomes free.
        processors.use(0.001, lambda: None)
        processors.use(0.1, lambda: ended.update(long=simulation.now))
        processors.use(0.0005, lambda: ended.update(short=simulation.now))
        simulation.run(1)
        self.assertAlmostEqual(ended["short"], 0.0025)
        self.assertAlmostEqual(ended["long"], 0.1015)
        self.assertAlmostEqual(processors.busy_s, 0.1015)


class Logs(unittest.TestCase):
    def test_who_comes_during_a_flush_shares_the_next_one(self) -> None:
        simulation, ended = Simulation(), []
        log = Log(simulation, 0.01)
        for at in (0, 0.001, 0.002, 0.012, 0.1):
            simulation.after(at, lambda: log.flush(lambda: ended.append(round(simulation.now, 6))))
        simulation.run(1)
        self.assertEqual(ended, [0.01, 0.02, 0.02, 0.03, 0.11])
        self.assertEqual(log.flushes, 4)


if __name__ == "__main__":
    unittest.main()
