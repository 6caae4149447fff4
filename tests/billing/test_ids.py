"""Ids that come from a seed and a counter."""

import re
from uuid import UUID

from mockserver.billing.ids import IdSource

TAKEN = 500


def test_the_same_seed_and_counter_give_the_same_ids() -> None:
    """The same story always has the same bytes."""
    first, second = IdSource("seed"), IdSource("seed")
    assert [first.uuid(), first.token("cs_test_"), first.digits(6)] == [
        second.uuid(),
        second.token("cs_test_"),
        second.digits(6),
    ]


def test_other_seeds_give_other_ids() -> None:
    """Accounts do not share ids."""
    mine = IdSource("mine")
    yours = IdSource("yours")
    assert not {mine.uuid() for _ in range(TAKEN)} & {yours.uuid() for _ in range(TAKEN)}


def test_a_source_goes_on_where_its_counter_stands() -> None:
    """The counter is state: a restored source continues, and repeats nothing."""
    source = IdSource("seed")
    before = [source.uuid() for _ in range(3)]
    after = IdSource("seed", source.counter).uuid()
    assert after == source.uuid()
    assert after not in before


def test_no_id_is_given_twice() -> None:
    """Each id names one thing."""
    source = IdSource("seed")
    assert len({source.uuid() for _ in range(TAKEN)}) == TAKEN
    assert len({source.token("cs_test_") for _ in range(TAKEN)}) == TAKEN


def test_ids_of_one_account_end_alike() -> None:
    """What they share packs to nothing; neighbours differ where one looks first."""
    source, other = IdSource("mine"), IdSource("yours")
    uuids, tokens = (
        [source.uuid() for _ in range(TAKEN)],
        [source.token("cs_test_") for _ in range(TAKEN)],
    )
    assert len({each[8:] for each in uuids}) == len({each[-12:] for each in tokens}) == 1
    assert len({each[:4] for each in uuids}) > TAKEN * 0.9
    assert other.uuid()[8:] != uuids[0][8:]


def test_uuids_are_of_version_4() -> None:
    """Ids are UUIDs as others read them."""
    source = IdSource("seed")
    for _ in range(TAKEN):
        text = source.uuid()
        assert (str(UUID(text)), UUID(text).version, UUID(text).variant) == (
            text,
            4,
            "specified in RFC 4122",
        )


def test_tokens_look_like_stripes() -> None:
    """A prefix and 24 letters and digits."""
    source = IdSource("seed")
    for _ in range(TAKEN):
        assert re.fullmatch(r"cs_test_[A-Za-z0-9]{24}", source.token("cs_test_"))


def test_codes_keep_their_leading_zeros() -> None:
    """A code always has all of its digits."""
    source = IdSource("seed")
    codes = [source.digits(6) for _ in range(TAKEN)]
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert any(code.startswith("0") for code in codes)
