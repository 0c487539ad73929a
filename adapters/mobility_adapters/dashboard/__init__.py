"""The door to the EWP Dashboard's files: lists that come out of it, pre-filled learning agreements that go in.

Its network interface needs no door of its own: it is one of our hosts in the EWP catalogue.
"""

from mobility_adapters.dashboard.door import DashboardAdapter

adapter = DashboardAdapter()
