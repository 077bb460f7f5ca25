"""Processes that work for a run: what they print comes back, and what goes wrong is told."""

import sys
import unittest

from measure.machine.child import Child, ChildFailed
from measure.machine.guardian import start_time
from measure.machine.undo import Journal


class Children(unittest.TestCase):
    def setUp(self) -> None:
        self.journal = self.enterContext(Journal())

    def child(self, program: str, given: str | None = None, has_own_session: bool = True) -> Child:
        child = Child([sys.executable, "-c", program], self.journal, given, has_own_session)
        return self.enterContext(child)

    def test_it_reads_what_it_is_given(self) -> None:
        text = "x" * 1_000_000
        self.assertEqual(self.child("import sys; print(len(sys.stdin.read()))", text).output(), "1000000\n")

    def test_a_status_other_than_0_is_a_failure(self) -> None:
        with self.assertRaisesRegex(ChildFailed, "ended with 3: half"):
            self.child("print('half'); raise SystemExit(3)").output()

    def test_one_that_reads_nothing_says_itself_what_is_wrong(self) -> None:
        with self.assertRaisesRegex(ChildFailed, "ended with 3"):
            self.child("raise SystemExit(3)", "x" * 1_000_000).output()

    def test_it_is_not_waited_for_without_end_and_killed_when_its_block_ends(self) -> None:
        with (
            self.child("import time; time.sleep(600)") as child,
            self.assertRaisesRegex(ChildFailed, "longer than 0.1"),
        ):
            child.output(timeout_s=0.1)
        self.assertIsNone(start_time(child.pid))

    def test_it_shares_the_session_of_the_run_if_it_has_none_of_its_own(self) -> None:
        program = "import os; print(os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid())"
        self.assertEqual(self.child(program).output(), "True True\n")
        self.assertEqual(self.child(program, has_own_session=False).output(), "False True\n")


if __name__ == "__main__":
    unittest.main()
