"""Metrics of retrieval, copy detection and video segmentation, as pure functions."""
