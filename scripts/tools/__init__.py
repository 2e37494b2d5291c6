"""Programs that the workshop builds or finds for itself: the Go toolchain, what is built by it, the cache."""
