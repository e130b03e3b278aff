"""The corpus: patents as Parquet files by filing year, their import, merging, supplements and citations."""
