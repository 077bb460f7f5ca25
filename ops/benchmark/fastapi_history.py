"""Gives products of fastapi_shop.py a history, in one transaction.

Usage: fastapi_history.py FILE PRODUCT MOVEMENTS…
"""

import sqlite3
import sys


def main(path: str, *histories: str) -> None:
    with sqlite3.connect(path) as database:
        for product, movements in zip(histories[::2], histories[1::2], strict=True):
            database.executemany(
                "insert into movements (product_id, change) values (?, 1)", [(int(product),)] * int(movements)
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
