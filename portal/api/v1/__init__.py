"""Version 1: one module per noun, serializers and views."""
