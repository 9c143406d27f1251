"""Screens of the evidence section."""
