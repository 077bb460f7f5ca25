"""A load balancer, as a client sees one."""

from collections.abc import Mapping, Sequence

from measure.clients.http import Answer, Connection, Unanswered


class Balancer(Connection):
    """Requests go to the instances in turn, and to the next one if the first does not take it: if it cannot be reached,
    hangs up or answers 503. A connection may have been closed while it was not used, so a new one is tried too."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = list(connections)
        # How many requests the first did not take.
        self.retries = 0

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        self._connections.append(self._connections.pop(0))
        outcome: Answer | Unanswered = Unanswered("there are no instances")
        for number, connection in enumerate(each for each in self._connections for _ in range(2)):
            try:
                answer = connection.request(method, path, body, headers)
            except Unanswered as error:
                outcome = error
            else:
                if answer.status != 503:
                    self.retries += number > 0
                    return answer
                outcome = answer
        if isinstance(outcome, Unanswered):
            raise outcome
        return outcome

    def close(self) -> None:
        for connection in self._connections:
            connection.close()
