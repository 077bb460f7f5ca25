"""The least that keeps a shop's movements: what `ops/bench embedded` measures Khata beside.

One process, one file of SQLite with its default journal, one INSERT and commit for each movement; stock is the sum over
a product's history. It asks for no key, knows no products, stores or rules, and keeps no audit log. SHOP_FILE names the
file.
"""

import os
import sqlite3

from fastapi import FastAPI
from pydantic import BaseModel

# Without transactions of its own: each statement is committed when it returns.
database = sqlite3.connect(os.environ["SHOP_FILE"], isolation_level=None)
database.executescript(
    """
    create table if not exists movements (
        id integer primary key,
        product_id integer not null,
        change integer not null,
        recorded_at text not null default current_timestamp
    );
    create index if not exists movements_by_product on movements (product_id);
    """
)
journal, synchronous = (database.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))
if (journal, synchronous) != ("delete", 2):
    raise SystemExit("SQLite's defaults are not what they should be: a commit would not be on the disk")

app = FastAPI()


class Movement(BaseModel):
    store_id: int
    product_id: int
    movement_type: str
    quantity: int


# On the event loop: a thread for each request would only make them slower.
@app.post("/api/v1/stock-movements", status_code=201)
async def record(movement: Movement) -> dict:
    change = movement.quantity if movement.movement_type == "stock-in" else -movement.quantity
    recorded = database.execute(
        "insert into movements (product_id, change) values (?, ?)", (movement.product_id, change)
    )
    return {"id": recorded.lastrowid, "product_id": movement.product_id, "change": change}


@app.get("/api/v1/stores/{store_id}/stock/{product_id}")
async def stock(store_id: int, product_id: int) -> dict:
    on_hand = database.execute("select sum(change) from movements where product_id = ?", (product_id,)).fetchone()[0]
    return {"store_id": store_id, "product_id": product_id, "on_hand": on_hand or 0}
