"""What is asked of a workspace's numbers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class View:
    """What is asked for: everything a number depends on besides the data and the KPI."""

    grain: str = "month"
    start: str | None = None
    end: str | None = None
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    as_of: date | None = None

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The filters as a mapping."""
        return dict(self.where)

    @property
    def dims(self) -> tuple[str, ...]:
        """Dimensions in play: broken down by, or filtered on."""
        return tuple(dict.fromkeys((*self.by, *(name for name, _ in self.where))))
