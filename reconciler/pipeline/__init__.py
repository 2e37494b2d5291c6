"""The stages put together, a folder for each job of several steps; what jobs share lies beside them."""
