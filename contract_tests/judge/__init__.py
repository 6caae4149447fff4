"""The judge: listens to exchanges, whoever makes them, and reports what is not as the contract says."""
