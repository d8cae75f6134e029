"""The pages, one script a step; each draws and calls, and decides nothing."""
