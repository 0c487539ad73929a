"""The door to the Erasmus Without Paper network.

Kept light: what needs lxml, cryptography or httptools is imported when the adapter is built.
"""

from mobility_adapters.ewp.door import EwpAdapter

adapter = EwpAdapter()
