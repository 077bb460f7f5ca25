"""What is measured: an instance of the service with what it stands on, and what stands beside it."""

import contextlib
import time
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from measure.bench.baselines.fastapi_service import FastAPI
from measure.bench.baselines.nginx import Nginx
from measure.bench.baselines.pgbench import Pgbench
from measure.bench.loads.wrk import Outcome, Rate, Target, Wrk
from measure.bench.run import Run
from measure.bench.seeds import fill_first_store, fill_stores, write_chain
from measure.clients.http import Connection
from measure.clients.queues import broker_user
from measure.command import Failed, say
from measure.network.ports import free_port
from measure.servers.instance import Instance
from measure.servers.program import UNLIMITED, create_key, run_program
from measure.servers.rabbitmq import PASSWORD
from measure.servers.stack import Stack
from measure.servers.template import make_template

# Logins with passwords are on, whatever the default is.
SETTINGS = {"BASIC_ENABLED": "true"}
# Ledgers are not compared with what is derived from them.
UNCOMPARED = {"RECONCILIATION_INTERVAL_HOURS": "0"}
# Pages of so many stores are read, again and again; of so many products (see reads.lua).
PAGE_STORES, PAGE_PRODUCTS = 50, 20
# Of a file of 1,000 stores.
IMPORT_LIMIT_S = 1_800
# Of the shop in a file: products that nobody sells, and how many movements they have.
LONG_PRODUCT, SHORT_PRODUCT = 1001, 1002
HISTORIES = {LONG_PRODUCT: 10_000, SHORT_PRODUCT: 100}


class Shop:
    """One instance. What is measured beside it starts when it is first needed, and ends with it."""

    def __init__(self, run: Run, instance: Instance, key: str) -> None:
        self.run, self.instance = run, instance
        self.khata = Target(instance.process, instance.address, key)
        self.baselines = contextlib.ExitStack()

    def connect(self) -> Connection:
        """For one thread."""
        return Connection(self.khata.address, self.khata.key, timeout_s=60)

    def load(self, load: Wrk, seconds: int, target: Target | None = None) -> Outcome:
        """`target`: if not the service."""
        return load.run(target or self.khata, seconds, self.run.journal)

    def record(self, load: Wrk, seconds: int, per_request: int = 1) -> Outcome:
        """Of movements: all that were acknowledged have to be in the ledger."""
        before = self.recorded()
        outcome = self.load(load, seconds)
        growth = self.recorded() - before
        if growth < outcome.requests * per_request:
            raise Failed(f"{outcome.requests * per_request} movements were acknowledged, {growth} are in the ledger")
        return outcome

    def recorded(self) -> int:
        """Movements in the ledger: each takes one position of its store, without gaps."""
        raise NotImplementedError


class PostgresShop(Shop):
    """On a primary, a replica and Redis."""

    def __init__(self, run: Run, instance: Instance, stack: Stack) -> None:
        super().__init__(run, instance, stack.keys.admin)
        self.stack = stack

    def recorded(self) -> int:
        return int(self.stack.primary.value("SELECT sum(position) FROM stores WHERE store_id > 0") or 0)

    @contextlib.contextmanager
    def served_by(self, name: str, **settings: str | None) -> Iterator[Instance]:
        """Another instance, with settings besides the usual ones, in place of the shop's own, which does not run."""
        [instance] = self.stack.serve(name, program=None, **settings)
        khata, self.khata = self.khata, Target(instance.process, instance.address, self.khata.key)
        try:
            yield instance
        finally:
            self.khata = khata
            instance.process.stop()

    def checkpoint(self) -> None:
        """So that no round pays for that of the one before."""
        self.stack.primary.checkpoint()

    @cached_property
    def pgbench(self) -> Pgbench:
        return Pgbench(self.stack.primary, self.run.journal)

    @cached_property
    def nginx(self) -> Target:
        paths = [f"/api/v1/stores/{store}/stock?limit={PAGE_PRODUCTS}" for store in range(1, PAGE_STORES + 1)]
        nginx = Nginx(self.khata, paths, self.run.folder / "nginx", self.run.journal)
        self.baselines.callback(nginx.end)
        return nginx.target


class QueueShop(PostgresShop):
    """With RabbitMQ, too."""

    def __init__(self, run: Run, instance: Instance, stack: Stack) -> None:
        super().__init__(run, instance, stack)
        self.command_user = broker_user(self.khata.key)
        stack.rabbitmq.add_user(
            self.command_user, PASSWORD, "^amq[.]gen-", "^khata[.]commands$|^amq[.]gen-", "^amq[.]gen-"
        )

    def write(self, load: Wrk, seconds: int) -> Rate:
        self.checkpoint()
        return self.record(load, seconds).rate()

    @contextlib.contextmanager
    def without_queue(self) -> Iterator[None]:
        """Another instance serves meanwhile, which does not know the broker."""
        self.instance.process.stop()
        with self.served_by("plain", AMQP_URL=None, **SETTINGS):
            yield


class SQLiteShop(Shop):
    """On one file."""

    def recorded(self) -> int:
        with contextlib.closing(self.connect()) as connection:
            return int(connection.get("/stores/1/stock?limit=1").json["position"])

    @cached_property
    def fastapi(self) -> FastAPI:
        fastapi = FastAPI(self.run.folder / "fastapi", self.run.journal, HISTORIES)
        self.baselines.callback(fastapi.end)
        return fastapi


ShopOnPostgres = TypeVar("ShopOnPostgres", PostgresShop, QueueShop)


@contextlib.contextmanager
def postgres_shop(run: Run, kind: type[ShopOnPostgres]) -> Iterator[ShopOnPostgres]:
    with empty_shop(run, kind, kind.__name__) as shop:
        say("seeding the stores")
        with contextlib.closing(shop.connect()) as connection:
            fill_stores(connection)
        yield shop


@contextlib.contextmanager
def chain_shop(run: Run, stores: int, products: int) -> Iterator[PostgresShop]:
    """Its ledgers are not compared in the background, which would go on for long with many stores."""
    with empty_shop(run, PostgresShop, f"{stores}-stores", **UNCOMPARED) as shop:
        say(f"importing {stores} stores with {products} products")
        began = time.monotonic()
        for file in write_chain(run.folder, stores, products):
            run_program(run.program, shop.stack.settings(), "import", str(file), timeout_s=IMPORT_LIMIT_S)
            file.unlink()
        say(f"imported in {time.monotonic() - began:.0f} s")
        yield shop


@contextlib.contextmanager
def empty_shop(run: Run, kind: type[ShopOnPostgres], name: str, **settings: str) -> Iterator[ShopOnPostgres]:
    folder = run.folder / name
    folder.mkdir(mode=0o711)
    say("preparing a database")
    template = make_template(run.program, folder / "template", run.journal, catalog=[])
    with_queue = issubclass(kind, QueueShop)
    say(f"starting PostgreSQL, Redis{', RabbitMQ' if with_queue else ''} and the service")
    with Stack(folder / "stack", run.program, template, run.journal, with_queue=with_queue) as stack:
        [instance] = stack.serve("khata", program=None, **{**SETTINGS, **settings})
        shop = kind(run, instance, stack)
        with shop.baselines:
            yield shop


@contextlib.contextmanager
def sqlite_shop(run: Run) -> Iterator[SQLiteShop]:
    folder = run.folder / "file"
    folder.mkdir()
    settings = {"SQLITE_FILE": str(folder / "shop.khata"), **SETTINGS}
    say("starting the service on a file")
    run_program(run.program, settings, "migrate")
    key = create_key(run.program, settings, "admin", "admin", *UNLIMITED)
    instance = Instance("khata", run.program, (free_port(), free_port()), settings, folder, run.journal)
    instance.start()
    shop = SQLiteShop(run, instance, key)
    with shop.baselines:
        shop.baselines.callback(instance.process.end)
        say("seeding the file")
        with contextlib.closing(shop.connect()) as connection:
            fill_first_store(connection, HISTORIES)
        yield shop
