"""What screens share: links, loading, cards, charts and sentences."""
