"""The cavity law: stage times where cross-talk decides which filters are active, inside Condition 4.1."""
