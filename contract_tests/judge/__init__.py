"""The judge: listens to exchanges, and reports what differs from the contract."""
