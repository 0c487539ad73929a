"""Rules about arrivals and departures: SEM-29.

Source: EWP Incoming Mobilities API 2.0.0.
"""

from collections.abc import Iterator

from mobility_adapters.ewp.semantics import Problem, warning
from mobility_bridge.domain.incoming_mobility import ActualDates


def check(dates: ActualDates, *, at: str = "/student-mobility") -> Iterator[Problem]:
    """SEM-29: whoever left had arrived, and not later; `at` is the path that leads to the object."""
    arrival, departure = dates.actual_arrival_date, dates.actual_departure_date
    if departure is None:
        return
    path = f"{at}/actual-departure-date"
    if arrival is None:
        yield warning("SEM-29", path, "there is a departure and no arrival")
    elif departure < arrival:
        yield warning("SEM-29", path, "the departure is before the arrival")
