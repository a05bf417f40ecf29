"""Networks for images: one output a class, no softmax."""
