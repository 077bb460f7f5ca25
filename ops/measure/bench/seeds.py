"""What is in the shops: a catalog, and an opening stock that no sale can use up."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from measure.clients.http import Connection

STORES, PRODUCTS = 500, 100
OPENING_STOCK = 1_000_000
# The service takes so many lines in a batch.
MOST_LINES = 1_000
# An import keeps the levels of a file's stores in memory.
STORES_PER_FILE = 1_000


def fill_stores(connection: Connection) -> None:
    details = {"category": "Benchmark", "unit": "piece"}
    for number in range(1, PRODUCTS + 1):
        connection.post_all([("/products", {"product_id": number, "name": f"Product {number}", **details})], 201)
    for number in range(1, STORES + 1):
        connection.post_all([("/stores", {"store_id": number, "name": f"Store {number}"})], 201)
    levels = ((store, product) for store in range(1, STORES + 1) for product in range(1, PRODUCTS + 1))
    connection.post_all(batches(stock_in(store, product) for store, product in levels), 200)


def write_chain(folder: Path, stores: int, products: int) -> Iterator[Path]:
    """Files for `khata import`, as `khata-demo --stores` writes them, one after the other."""

    def file(name: str, header: str, rows: Iterable[str]) -> Path:
        path = folder / f"{name}.csv"
        with path.open("w") as output:
            output.writelines(f"{row}\n" for row in (header, *rows))
        return path

    yield file("stores", "store_id,name", (f"{store},Store {store}" for store in range(1, stores + 1)))
    yield file("products", "product_id,name", (f"{product},Product {product}" for product in range(1, products + 1)))
    for first in range(1, stores + 1, STORES_PER_FILE):
        some = range(first, min(first + STORES_PER_FILE, stores + 1))
        levels = (f"{store},{product},{OPENING_STOCK}" for store in some for product in range(1, products + 1))
        yield file(f"stock-{first}", "store_id,product_id,on_hand", levels)


def fill_first_store(connection: Connection, histories: Mapping[int, int]) -> None:
    """That which the first start of the service makes. `histories`: other products, and how many movements they have."""
    for number in (*range(1, PRODUCTS + 1), *histories):
        connection.post_all([("/products", {"product_id": number, "name": f"Product {number}"})], 201)
    connection.post_all(batches(stock_in(1, product) for product in range(1, PRODUCTS + 1)), 200)
    for product, count in histories.items():
        connection.post_all(batches(stock_in(1, product, 1) for _ in range(count)), 200)


def stock_in(store: int, product: int, quantity: int = OPENING_STOCK) -> dict[str, Any]:
    return {"store_id": store, "product_id": product, "movement_type": "stock-in", "quantity": quantity}


def batches(movements: Iterable[dict[str, Any]], most: int = MOST_LINES) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests for all of them."""
    left = iter(movements)
    while lines := list(islice(left, most)):
        yield "/stock-movements/batch", {"movements": lines}
