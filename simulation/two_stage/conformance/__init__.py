"""Does an engine train the two-layer CNN as defined? Checks for our engines and for a user's."""
