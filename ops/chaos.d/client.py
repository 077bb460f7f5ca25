"""A client of the API for the fault tests."""

import http.client
import itertools
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

PAUSE_S = 0.02


class Unreachable(Exception):
    """There was no answer: what became of the request is not known."""


class Unanswered(Exception):
    """A request was repeated until patience ran out."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: dict


class Client:
    """One connection, kept open, for one thread."""

    def __init__(self, url: str, key: str, timeout_s: float = 10) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def get(self, path: str) -> Answer:
        return self._request("GET", path, None, {})

    def post(self, path: str, body: dict, idempotency_key: str) -> Answer:
        return self._request("POST", path, json.dumps(body), {"Idempotency-Key": idempotency_key})

    def _request(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request(method, "/api/v1" + path, body, self._headers | headers)
            response = self._connection.getresponse()
            return Answer(response.status, response.headers, json.loads(response.read()))
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()  # the next request opens it again
            raise Unreachable(str(error)) from error


def post_surely(
    clients: Sequence[Client], path: str, body: dict, key: str | None = None, patience_s: float = 30
) -> tuple[Answer, int]:
    """Posts through one client after the other until there is an answer that says what became of it.

    Returns the answer, and how often the request was repeated.
    """
    key = key or str(uuid.uuid4())
    deadline = time.monotonic() + patience_s
    for repeats, client in enumerate(itertools.cycle(clients)):
        try:
            answer = client.post(path, body, key)
            if answer.status != 503:
                return answer, repeats
        except Unreachable:
            pass
        if time.monotonic() >= deadline:
            raise Unanswered(path)
        time.sleep(PAUSE_S)
    raise ValueError("there are no clients")


def create(client: Client, kind: str, count: int) -> list[int]:
    """Creates stores ('store') or products ('product') and returns their ids."""
    ids = []
    for number in range(count):
        answer, _ = post_surely([client], f"/{kind}s", {"name": f"Chaos {number}"})
        if answer.status != 201:
            raise RuntimeError(f"a {kind} was refused: {answer.body}")
        ids.append(answer.body[f"{kind}_id"])
    return ids
