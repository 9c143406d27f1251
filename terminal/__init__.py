"""The commands of `cli.py`: one module for each group of them, `saying` for what they share."""
