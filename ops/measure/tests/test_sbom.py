"""ops/sbom finds what is in the range of an advisory, or missing in the bill."""

import importlib.machinery
import importlib.util
import unittest

from measure.places import REPOSITORY

LOADER = importlib.machinery.SourceFileLoader("sbom", str(REPOSITORY / "ops" / "sbom"))
SPEC = importlib.util.spec_from_loader("sbom", LOADER)
assert SPEC
sbom = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(sbom)


def affected(purl: str, name: str, version: str, *ranges: list[str]) -> int:
    advisory = {"id": "CVE-1", "package": "nio", "affected": ranges, "summary": "s", "url": "u"}
    return len(list(sbom.affected({"components": [{"purl": purl, "name": name, "version": version}]}, [advisory])))


class AdvisoryTests(unittest.TestCase):
    def test_a_version_of_swift_is_in_a_range_up_to_the_one_that_is_mended(self) -> None:
        for version, count in (("1.9.9", 0), ("2.0.0", 1), ("2.99.10", 1), ("2.100.0", 0), ("2.100.1", 0)):
            self.assertEqual(affected("pkg:swift/nio", "nio", version, ["2.0.0", "2.100.0"]), count, version)
        self.assertEqual(affected("pkg:swift/other", "other", "2.0.0", ["2.0.0", "2.100.0"]), 0)

    def test_a_version_of_debian_is_compared_as_debian_does(self) -> None:
        for version, count in (("3.40.1-2+deb12u1", 1), ("3.40.1-2+deb12u2", 0), ("3.40.1-2~bpo", 1), ("3.46.1-7", 0)):
            self.assertEqual(affected("pkg:deb/debian/nio", "nio", version, ["0", "3.40.1-2+deb12u2"]), count, version)

    def test_a_component_without_a_licence_is_a_problem(self) -> None:
        bill = sbom.make_bill()
        self.assertEqual(list(sbom.incomplete(bill)), [])
        del bill["components"][0]["licenses"]
        taken = bill["components"].pop(-1)
        problems = " ".join(sbom.incomplete(bill))
        self.assertIn("has no licenses", problems)
        self.assertIn(f"{taken['name']} is resolved and no component", problems)


if __name__ == "__main__":
    unittest.main()
