"""Features of networks: extracted, stored, resumed and exported."""
