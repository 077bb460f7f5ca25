"""A simulation of the service on machines of any number, with the costs that `ops/bench costs` has measured."""
