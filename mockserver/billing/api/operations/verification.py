"""Verification of a person by a code."""

from mockserver.billing import verification
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine.body import Json


def initiate_verification(call: Call) -> Json:
    challenge = verification.initiate(call.context, call.body["action"], call.body["method"])
    return render.verification_challenge(challenge)


def confirm_verification(call: Call) -> Json:
    success, challenge = verification.confirm(
        call.context, call.body["challenge_id"], call.body["code"]
    )
    return render.verification_result(success, challenge.remaining_attempts)
