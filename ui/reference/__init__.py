"""What stands behind the numbers: definitions and settings."""
