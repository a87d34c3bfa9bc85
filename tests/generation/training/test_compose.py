"""Composition: reproducible batches, captions that mean what is drawn, and no held-out pair in training."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generation.training.compose import CANVAS, LENGTH, Composer, held_out
from generation.training.tokens import COLOURS, PAD, START, Alphabet
from tests.generation.training.conftest import Data


@given(seed=st.integers(0, 2**31), step=st.integers(0, 10**6))
def test_a_batch_depends_on_seed_and_step_alone(composer: Composer, seed: int, step: int) -> None:
    first = composer.batch(2, seed=seed, step=step, drop=0.1)
    composer.batch(3, seed=seed + 1, step=step, drop=0.1)
    again = composer.batch(2, seed=seed, step=step, drop=0.1)
    assert np.array_equal(first.pictures, again.pictures)
    assert np.array_equal(first.tokens, again.tokens)


def test_batches_have_the_promised_shapes_and_ranges(composer: Composer) -> None:
    batch = composer.batch(16, seed=1, step=1, drop=0.0)
    assert batch.pictures.shape == (16, 3, CANVAS, CANVAS)
    assert batch.pictures.dtype == np.float32
    assert batch.pictures.min() >= -1.001
    assert batch.pictures.max() <= 1.001
    assert batch.tokens.shape == (16, LENGTH)
    assert (batch.tokens[:, 0] == START).all()
    assert (batch.tokens[:, 1] != PAD).all()


def test_dropped_captions_are_empty(composer: Composer) -> None:
    tokens = composer.batch(8, seed=1, step=1, drop=1.0).tokens
    assert (tokens[:, 0] == START).all()
    assert (tokens[:, 1:] == PAD).all()


def test_the_corner_has_the_colour_that_the_caption_names(composer: Composer, alphabet: Alphabet) -> None:
    checked = 0
    for step in range(40):
        batch = composer.batch(8, seed=5, step=step, drop=0.0)
        corners = (batch.pictures[:, :, 0, 0] + 1) * 127.5
        for corner, row in zip(corners, batch.tokens, strict=True):
            named = [name for name in map(alphabet.name_of, row) if name.startswith("colour:")]
            colour = named[0].removeprefix("colour:") if named else "white"
            checked += bool(named)
            # A caption that ran over its length may have lost its colour; then nothing can be said.
            if named or PAD in row:
                assert np.abs(corner - COLOURS[colour]).max() < 1
    assert checked > 100


def test_held_out_pairs_never_train(data: Data, composer: Composer, alphabet: Alphabet) -> None:
    kept_out = held_out(data[0])
    assert kept_out
    for step in range(60):
        for row in composer.batch(16, seed=2, step=step, drop=0.0).tokens:
            names = {alphabet.name_of(token) for token in row}
            assert not any(f"concept:{c}" in names and f"style:{s}" in names for c, s in kept_out)


def test_people_are_asked_for_as_often_as_wished(data: Data, composer: Composer, alphabet: Alphabet) -> None:
    def share(asked: Composer) -> float:
        rows = np.concatenate([asked.batch(32, seed=3, step=step, drop=0.0).tokens for step in range(8)])
        return float(np.mean([any("farmer" in alphabet.name_of(token) for token in row) for row in rows]))

    # One concept of people among five things; a second subject now and then adds a little.
    assert share(Composer(*data, alphabet, people=1)) < share(composer) < share(Composer(*data, alphabet, people=30))
    assert share(Composer(*data, alphabet, people=30)) > 0.8
