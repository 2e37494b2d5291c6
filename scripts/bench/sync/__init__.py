"""A whole sync beside what others need for the same objects on the same API server."""
