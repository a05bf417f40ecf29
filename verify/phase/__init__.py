"""Phase diagrams: an event over a plane of two coordinates, with the predicted boundary."""
