"""The floor: values and small mechanisms that know nothing of the portal's things."""
