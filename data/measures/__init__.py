"""Additive measures, one family a file, as portable expressions."""
