"""Claims by part of the theory; readings are statements that are expected to fail, and what corrects them."""
