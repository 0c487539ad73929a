"""What is kept: one SQL implementation and its twin in memory."""
