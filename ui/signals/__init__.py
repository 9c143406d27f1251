"""The lead–lag screen: the map, one pair opened, and the accounts that show the warning now."""
