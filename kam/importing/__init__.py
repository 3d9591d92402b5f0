"""Bringing files in: reading, mapping, checking, applying. docs/importing.md is the manual."""
