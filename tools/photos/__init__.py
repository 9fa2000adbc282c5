"""The sandbox's pictures: seeded landscapes, skies and still lifes drawn with NumPy."""
