from apps.payments.providers.coinspaid import signing

# The vector the vendor prints in its documentation.
SECRET = "AbCdEfG123456"
BODY = b'{"currency":"BTC","foreign_id":"123456"}'
SIGNATURE = (
    "03c25fcf7cd35e7d995e402cd5d51edd72d48e1471e865907967809a0c189ba5"
    "5b90815f20e2bb10f82c7a9e9d865546fda58989c2ae9e8e2ff7bc29195fa1ec"
)


def given(signature: str = SIGNATURE, key: str = "test-coinspaid-key") -> dict[str, str]:
    return {"x-processing-key": key, "x-processing-signature": signature}


def test_the_published_vector_is_signed_as_printed():
    assert signing.sign(BODY, SECRET) == SIGNATURE


def test_the_right_key_and_signature_are_genuine(settings):
    settings.COINSPAID_SECRET = SECRET

    assert signing.is_genuine(BODY, given())


def test_a_changed_byte_a_foreign_key_or_nothing_at_all_is_not(settings):
    settings.COINSPAID_SECRET = SECRET

    assert not signing.is_genuine(BODY + b" ", given())
    assert not signing.is_genuine(BODY, given(key="somebody-else"))
    assert not signing.is_genuine(BODY, given(signature=SIGNATURE.upper()))
    assert not signing.is_genuine(BODY, given(signature="ü"))
    assert not signing.is_genuine(BODY, {})


def test_the_previous_secret_counts_while_it_is_being_changed(settings):
    settings.COINSPAID_SECRET = "the next one"
    settings.COINSPAID_SECRET_PREVIOUS = SECRET

    assert signing.is_genuine(BODY, given())


def test_without_a_configured_key_nothing_is_genuine(settings):
    settings.COINSPAID_KEY = ""
    settings.COINSPAID_SECRET = SECRET

    assert not signing.is_genuine(BODY, given(key=""))
