"""Benchmarks that time a baseline against SSLReg."""
