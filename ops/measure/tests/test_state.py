"""The folder of a stack, which ops/up makes and ops/down --purge removes: nothing is done in what others put there."""

import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from measure.places import REPOSITORY

PREPARE = 'source "$0/ops/lib/all.sh"; load_settings; prepare_state'


class StateTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.state = self.folder / "state"

    def run_in_state(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "KHATA_STATE": str(self.state)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def prepare(self) -> subprocess.CompletedProcess[str]:
        return self.run_in_state("bash", "-euo", "pipefail", "-c", PREPARE, str(REPOSITORY))

    def down(self) -> subprocess.CompletedProcess[str]:
        return self.run_in_state(str(REPOSITORY / "ops" / "down"), "--purge")

    def expect_refused(self) -> None:
        for done in (self.prepare(), self.down()):
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("has to be a folder of yours", done.stderr)

    def test_a_link_is_not_followed(self) -> None:
        others = self.folder / "others"
        (others / "run").mkdir(parents=True, mode=0o700)
        (others / "log").mkdir()
        others.chmod(0o700)
        self.state.symlink_to(others)
        self.expect_refused()
        self.assertEqual(stat.S_IMODE(others.stat().st_mode), 0o700)
        self.assertEqual(sorted(each.name for each in others.iterdir()), ["log", "run"])

    def test_a_link_inside_is_not_followed(self) -> None:
        others = self.folder / "others"
        others.mkdir(mode=0o755)
        self.state.mkdir(mode=0o700)
        (self.state / "log").symlink_to(others)
        done = self.prepare()
        self.assertEqual(done.returncode, 1)
        self.assertIn("must have no links in it", done.stderr)
        self.assertEqual(stat.S_IMODE(others.stat().st_mode), 0o755)

    def test_a_folder_that_others_may_write_to_is_refused(self) -> None:
        self.state.mkdir()
        self.state.chmod(0o777)
        done = self.prepare()
        self.assertEqual(done.returncode, 1)
        self.assertIn("no others may write to it", done.stderr)

    def test_a_link_to_nothing_and_a_file_are_refused(self) -> None:
        self.state.symlink_to(self.folder / "none")
        self.expect_refused()
        self.state.unlink()
        self.state.touch()
        self.expect_refused()

    @unittest.skipUnless(os.geteuid() == 0, "takes root to make what belongs to others")
    def test_a_folder_of_another_user_is_refused(self) -> None:
        (self.state / "run").mkdir(parents=True)
        os.chown(self.state, 65534, 65534)
        self.expect_refused()

    def test_a_folder_of_its_own_admits_nobody_else(self) -> None:
        self.state.mkdir(mode=0o755)
        done = self.prepare()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o710)
        for each in self.state.iterdir():
            self.assertEqual(stat.S_IMODE(each.stat().st_mode), 0o700, each)
        self.assertEqual(self.down().returncode, 0)
        self.assertFalse(self.state.exists())


if __name__ == "__main__":
    unittest.main()
