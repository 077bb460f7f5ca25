"""What a shop is filled with, and what nginx serves of it."""

import unittest

from measure.bench.baselines.nginx import add_headers
from measure.bench.seeds import batches, stock_in


class Seeds(unittest.TestCase):
    def test_batches_hold_everything_once(self) -> None:
        movements = [stock_in(1, product) for product in range(1, 8)]
        found = list(batches(movements, most=3))
        self.assertEqual({path for path, _ in found}, {"/stock-movements/batch"})
        self.assertEqual([len(body["movements"]) for _, body in found], [3, 3, 1])
        self.assertEqual([line for _, body in found for line in body["movements"]], movements)
        self.assertEqual(list(batches([])), [])


class Nginx(unittest.TestCase):
    def test_headers_that_it_does_not_make_are_added_as_they_were(self) -> None:
        headers = [
            *(("Content-Length", "12"), ("ETag", '"x"'), ("date", "now"), ("Cache-Status", "khata-redis; hit")),
            *(("Link", '</a\\b>; rel="next"'),),
        ]
        self.assertEqual(
            add_headers(headers),
            'add_header Cache-Status "khata-redis; hit";\nadd_header Link "</a\\\\b>; rel=\\"next\\"";\n',
        )


if __name__ == "__main__":
    unittest.main()
