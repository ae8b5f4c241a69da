"""Commands that start processes: all of them, web, worker."""
