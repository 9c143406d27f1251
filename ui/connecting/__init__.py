"""The connections page: databases and published files that rows come from."""
