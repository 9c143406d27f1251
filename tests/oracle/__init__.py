"""An independent recomputation of every KPI in plain pandas, from the written definitions alone."""
