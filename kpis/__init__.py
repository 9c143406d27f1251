"""What numbers mean: pure functions from measures to KPI values, intervals, scores and status."""
