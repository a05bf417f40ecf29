"""The verdict calculus: one judge a rule, in one file."""
