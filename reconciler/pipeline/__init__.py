"""The stages put together: for one environment, then for all."""
