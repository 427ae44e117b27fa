"""What is measured: statistics, data quality and validation."""
