"""Keeps exchange agreements and mobilities in agreement across the systems that hold them."""

__version__ = "0.1.0"
