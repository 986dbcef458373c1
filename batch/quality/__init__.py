"""How good the lists are: splits, measures, baselines, and what is made of them."""
