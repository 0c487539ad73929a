"""The door to Mobility-Online: agreements over SOAP or from an exported report.

Kept light: what needs zeep, lxml or pydantic is imported when the adapter is built.
"""

from mobility_adapters.mobility_online.door import MobilityOnlineAdapter

adapter = MobilityOnlineAdapter()
