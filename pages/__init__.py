"""Screens, one script each."""
