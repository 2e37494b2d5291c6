"""What the main branch tells of what served, and who approved it."""
