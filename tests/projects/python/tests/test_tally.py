from tally import count


def test_words_are_counted_whatever_their_case():
    assert count("One two ONE") == {"one": 2, "two": 1}


def test_nothing():
    assert count("") == {}
