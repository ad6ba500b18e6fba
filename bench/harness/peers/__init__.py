"""Postern beside what people use instead: bench/run-peers."""
