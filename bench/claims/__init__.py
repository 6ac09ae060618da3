"""How well claims are verified: a set of true and broken ones, and what the verifier says of each."""
