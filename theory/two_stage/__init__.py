"""Han et al. 2025, *On the Role of Label Noise in the Feature Learning Process*.

With the paper in hand: section 3 is `network` and `recursions`, Condition 4.1 `conditions`, each theorem a
file of its name, the lemmas of the framework `lemmas_initial` and `lemmas_training`; the runs they are
judged on stand in `experiments`, and all of it is gathered in `paper`.
"""
