"""The simulation in order.

Departures, growth and late payment are drawn first, independently of anything a customer would show;
the known truths (`truths.py`) are then written into use and payment *before* those events.
"""

from datetime import date

from data.sample.adoption import adopt
from data.sample.departures import depart
from data.sample.expansion import expand
from data.sample.founding import found
from data.sample.world import World


def make_world(accounts: int, months: int, seed: int, end: date) -> World:
    """Simulate the company. `end` is the last day of data."""
    world = found(accounts, months, seed, end)
    depart(world)
    expand(world)
    adopt(world)
    return world
