"""A Prometheus of Debian's that scrapes every second."""

import json
import math
import os
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from measure.clients.http import Address
from measure.dashboard.dashboard import METRIC
from measure.machine.process import Process
from measure.machine.undo import Journal
from measure.machine.waiting import eventually
from measure.network.ports import free_port

TIMEOUT_S = 10


class Prometheus:
    def __init__(self, folder: Path, targets: Sequence[Address], rules: Path, journal: Journal) -> None:
        self._rules = rules
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        configuration = folder / "prometheus.yml"
        configuration.write_text(
            yaml.safe_dump(
                {
                    "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(rules)],
                    "scrape_configs": [
                        {
                            "job_name": "khata",
                            "static_configs": [{"targets": [f"{host}:{port}" for host, port in targets]}],
                        }
                    ],
                }
            )
        )
        command = [
            "prometheus",
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self._process = Process(
            "prometheus", command, folder / "prometheus.log", journal, {"PATH": os.environ["PATH"]}, folder
        )

    def __enter__(self) -> Self:
        self._process.start()
        self._process.await_ready(self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.end()

    def has_data(self, query: str) -> bool:
        """Whether there is a series whose value is a number."""
        return any(not math.isnan(value) for value in self._values(query))

    def value(self, query: str) -> float:
        """Of a query with one series."""
        (value,) = self._values(query)
        return value

    def _values(self, query: str) -> list[float]:
        return [float(each["value"][1]) for each in self._get("query", query=query)["result"]]

    def problems_of_rules(self, metrics: set[str]) -> list[str]:
        """`metrics`: others that have to be there."""
        expected = [rule for group in yaml.safe_load(self._rules.read_text())["groups"] for rule in group["rules"]]
        rules = eventually("the alerts were evaluated", self._evaluated_rules)
        problems = [
            f"{name} is not loaded"
            for name in {each["alert"] for each in expected} - {each["name"] for each in rules}
        ]
        problems += [f"{each['name']}: {each.get('lastError')}" for each in rules if each["health"] != "ok"]
        names = set(self._get("label/__name__/values"))
        named = metrics | {metric for each in expected for metric in METRIC.findall(each["expr"])}
        return problems + [f"there is no metric {name}" for name in sorted(named - names)]

    def _evaluated_rules(self) -> list[dict[str, Any]]:
        rules = [rule for group in self._get("rules")["groups"] for rule in group["rules"]]
        return [] if any(each["health"] == "unknown" for each in rules) else rules

    def _get(self, path: str, **parameters: str) -> Any:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
            return json.load(response)["data"]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=TIMEOUT_S):
                return True
        except OSError:
            return False
