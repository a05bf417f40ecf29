"""Weight decay: thresholds from which flipped labels are never memorised, and what runs do there.

`thresholds` the closed forms, `fixed_point` and `crossing` their proofs, `setting` a setting with decay, and
the claims of each subject in a file of its name. Derivation in words: `docs/derivations/weight_decay.md`.
"""
