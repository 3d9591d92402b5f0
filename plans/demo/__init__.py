"""The demo company: an invented Nordic supplier of industrial equipment.

``company``, ``customers``, ``sales`` and ``planning`` compute it (no database, no clock: the same
day gives the same company); ``making`` writes it through the services, as its people would.
"""
