"""The chapters of the story, in files of their own."""
