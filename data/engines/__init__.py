"""Where facts live: in Parquet files read by the embedded engine, or in tables of a database that stays theirs."""
