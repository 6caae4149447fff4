"""The judge: listens to exchanges, whoever makes them, and reports what is not as the contract says."""

from contract_tests.judge.judge import Judge

__all__ = ["Judge"]
