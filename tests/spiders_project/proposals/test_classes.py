"""A selector leans on class names that mean something, and on no others."""

import pytest

from spiders_project.proposals import classes


@pytest.mark.parametrize(
    "token",
    ["price", "product-card__title", "entry-title", "quote", "text", "itemprop_name", "postBody"],
)
def test_words_of_an_author_mean_something(token: str) -> None:
    assert classes.means(token)


@pytest.mark.parametrize(
    "token",
    [
        *("css-1x2y3z", "sc-bdVaJa", "kQmXyZ", "jsx-3921", "styles_title__2aBcD", "svelte-1ab2c3"),
        *("post-1234", "col-md-4", "mt-3", "text-lg", "d-flex", "active", "is-open", "odd"),
        *("first", "w-1/2", "md:flex", "js-toggle"),
    ],
)
def test_hashes_looks_and_states_mean_nothing(token: str) -> None:
    assert not classes.means(token)
