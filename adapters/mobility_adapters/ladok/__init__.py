"""The door to Ladok, the Swedish student registry: its feed, its reads, and registration.

Kept light: what needs lxml, pydantic or httptools is imported when the adapter is built.
"""

from mobility_adapters.ladok.door import LadokAdapter

adapter = LadokAdapter()
