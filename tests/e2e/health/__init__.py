"""What the health matrix is made of: situations, an observer, the truth, and what others would say."""
