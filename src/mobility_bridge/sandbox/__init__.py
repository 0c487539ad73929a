"""The outside, played by us: registry, partner universities and our own Mobility-Online.

It writes its own XML, computes its own hashes and makes its own signatures, so that a mistake in the bridge
cannot hide behind the same mistake here.
"""
