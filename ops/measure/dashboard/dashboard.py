"""The dashboard as Grafana reads it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
# What Grafana puts in for variables, on a Prometheus that scrapes every second.
VARIABLES = {"$__rate_interval": "10s", "$__interval": "10s", "$job": "khata", "$instance": ".+"}
METRIC = re.compile(r"\b(?:khata|process)_\w+")


class Dashboard:
    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text())
        self._panels: list[dict[str, Any]] = [each for each in self._document["panels"] if each["type"] != "row"]

    @cached_property
    def queries(self) -> dict[str, str]:
        """By what they are for, as Prometheus gets them."""
        named = [
            (f"{panel['title']}, {target['refId']}", target["expr"])
            for panel in self._panels
            for target in panel["targets"]
        ]
        named += [(f"annotation {each['name']}", quiet(each["expr"])) for each in self._document["annotations"]["list"]]
        named += [(f"variable {each['name']}", series_of(each["definition"])) for each in self._variables]
        return {name: with_values(query) for name, query in named}

    @property
    def metrics(self) -> set[str]:
        return {metric for query in self.queries.values() for metric in METRIC.findall(query)}

    def problems(self) -> list[str]:
        """What can be told without a Prometheus."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        for what, values in (
            ("panels with the id", [panel["id"] for panel in self._document["panels"]]),
            ("panels with the title", [panel["title"] for panel in self._panels]),
        ):
            yield from (f"there are {count} {what} {value}" for value, count in Counter(values).items() if count > 1)
        for panel in self._panels:
            if not panel.get("description", "").endswith("."):
                yield f"{panel['title']} has no description that says what to do"
            if not panel["fieldConfig"]["defaults"].get("unit"):
                yield f"{panel['title']} has no unit"
            if not panel["targets"]:
                yield f"{panel['title']} has no query"
            if any(each.get("datasource") != DATA_SOURCE for each in [panel, *panel["targets"]]):
                yield f"{panel['title']} has a data source of its own"

    @property
    def _variables(self) -> list[dict[str, Any]]:
        return [each for each in self._document["templating"]["list"] if each["type"] == "query"]


def with_values(query: str) -> str:
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    assert "$" not in query, f"an unknown variable: {query}"
    return query


def quiet(query: str) -> str:
    """An annotation without its condition, which is seldom true."""
    return query.split(" > ")[0]


def series_of(definition: str) -> str:
    """Of `label_values(series, label)`."""
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", definition)
    assert found, f"not label_values(series, label): {definition}"
    return f"count by ({found.group(2)}) ({found.group(1)})"
