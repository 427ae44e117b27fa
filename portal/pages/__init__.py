"""The door for people: one module per noun, forms and thin views."""
