"""What came of a scenario."""

from dataclasses import dataclass, field

Figure = int | float | str


@dataclass
class Verdict:
    figures: dict[str, Figure] = field(default_factory=dict)
    # The promises that were broken, in words.
    breaches: list[str] = field(default_factory=list)
    # What shows it.
    examples: list[str] = field(default_factory=list)

    def note(self, **figures: Figure) -> None:
        """Adds figures; their names may hold underscores for spaces."""
        self.figures |= {name.replace("_", " "): value for name, value in figures.items()}

    def must(self, kept: bool, breach: str, examples: list[str] | None = None) -> None:
        """A promise, and what to say if it is broken."""
        if not kept:
            self.breaches.append(breach)
            self.examples += (examples or [])[:20]

    @property
    def is_kept(self) -> bool:
        return not self.breaches


class Skipped(Exception):
    """A scenario cannot run here; the message says what it lacks."""
