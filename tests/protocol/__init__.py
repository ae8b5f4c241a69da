"""Model checking of the session protocol: a pure model, explored fully and compared with the scripts."""
