"""Does it really lead: what a workspace's own data say about a leading indicator and an outcome.

`accounts` asks what accounts looked like before the event, `series` asks the company's monthly series,
`grades` puts a grade on both. `forecast` looks a few months ahead and `backtest` tries the health score
as it was known then. Everything is computed from arrays, with random draws seeded from the data.
"""
