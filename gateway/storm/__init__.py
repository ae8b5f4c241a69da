"""Load and crashes against the twin, judged by the laws."""
