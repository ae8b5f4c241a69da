"""Load and crashes against the simulator, judged by the laws."""
