"""Ids derived from a seed and a counter."""

import re
from uuid import UUID

from mockserver.billing.ids import IdSource

TAKEN = 500


def test_the_same_seed_and_counter_give_the_same_ids() -> None:
    """The same seed and counter give the same ids."""
    first, second = IdSource("seed"), IdSource("seed")
    assert [first.uuid(), first.token("cs_test_"), first.digits(6)] == [
        second.uuid(),
        second.token("cs_test_"),
        second.digits(6),
    ]


def test_other_seeds_give_other_ids() -> None:
    """Accounts share no ids."""
    mine = IdSource("mine")
    yours = IdSource("yours")
    assert not {mine.uuid() for _ in range(TAKEN)} & {yours.uuid() for _ in range(TAKEN)}


def test_a_source_continues_from_its_counter() -> None:
    """A restored source continues from its counter and repeats no id."""
    source = IdSource("seed")
    before = [source.uuid() for _ in range(3)]
    after = IdSource("seed", source.counter).uuid()
    assert after == source.uuid()
    assert after not in before


def test_no_id_is_given_twice() -> None:
    """No id is issued twice."""
    source = IdSource("seed")
    assert len({source.uuid() for _ in range(TAKEN)}) == TAKEN
    assert len({source.token("cs_test_") for _ in range(TAKEN)}) == TAKEN


def test_ids_of_one_account_end_alike() -> None:
    """Ids share their ending, which packs well, and differ at the beginning."""
    source, other = IdSource("mine"), IdSource("yours")
    uuids, tokens = (
        [source.uuid() for _ in range(TAKEN)],
        [source.token("cs_test_") for _ in range(TAKEN)],
    )
    assert len({uuid[8:] for uuid in uuids}) == len({token[-12:] for token in tokens}) == 1
    assert len({uuid[:4] for uuid in uuids}) > TAKEN * 0.9
    assert other.uuid()[8:] != uuids[0][8:]


def test_uuids_are_of_version_4() -> None:
    """UUIDs have the form of version 4."""
    source = IdSource("seed")
    for _ in range(TAKEN):
        text = source.uuid()
        assert (str(UUID(text)), UUID(text).version, UUID(text).variant) == (
            text,
            4,
            "specified in RFC 4122",
        )


def test_tokens_look_like_stripes() -> None:
    """A token is a prefix and 24 letters and digits."""
    source = IdSource("seed")
    for _ in range(TAKEN):
        assert re.fullmatch(r"cs_test_[A-Za-z0-9]{24}", source.token("cs_test_"))


def test_codes_keep_their_leading_zeros() -> None:
    """A code always has all of its digits."""
    source = IdSource("seed")
    codes = [source.digits(6) for _ in range(TAKEN)]
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert any(code.startswith("0") for code in codes)
