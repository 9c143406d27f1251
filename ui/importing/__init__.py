"""Bringing files in: from an upload to rows that are stored, with nothing stored before the last button."""
