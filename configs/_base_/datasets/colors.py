"""What happens to the colours of a view but for blur and solarization: DINO's and MaSSL's, and MoCo v2's."""

dino_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1), jitter_prob=0.8, gray=0.2)
moco_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1), jitter_prob=0.8, gray=0.2)
