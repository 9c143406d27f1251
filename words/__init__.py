"""What Farol says, in every language it speaks, and how it writes numbers and dates."""

from words.catalogue import LANGUAGES, explain, has, name, terminal_locale, text

__all__ = ["LANGUAGES", "explain", "has", "name", "terminal_locale", "text"]
