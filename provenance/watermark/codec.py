"""64 bits of payload to 384 signs, and noisy signs back to a payload that is right or to None.

- A CRC-32 over the payload makes 96 bits, so that a wrong one is taken for right once in 2**32 tries.
- A convolutional code of rate 1/4 and memory 11 protects them. It is tail-biting: the encoder starts in the state in
  which it ends, so no bit is spent on closing it.
- Decoding is Viterbi's algorithm over soft values, run once around the circle with a lead on either side.

Measured over white noise: one frame in a hundred is lost at about 1.2 dB of energy for each of the 96 bits.

Sources: K. Larsen, "Short convolutional codes with maximal free distance for rates 1/2, 1/3, and 1/4", IEEE Trans. Inf.
Theory 19 (1973), the generators; R. V. Cox and C.-E. W. Sundberg, "An efficient adaptive circular Viterbi algorithm",
IEEE Trans. Veh. Technol. 43 (1994), decoding around the circle.
"""

import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

PAYLOAD_BYTES = 8
CHECK_BITS = 32
FRAME_BITS = 8 * PAYLOAD_BYTES + CHECK_BITS
GENERATORS = (0o4767, 0o5723, 0o6265, 0o7455)
MEMORY = 11
CODED_SIGNS = FRAME_BITS * len(GENERATORS)
_STATES = 1 << MEMORY
# How far a path is followed before and after the circle until it no longer depends on where it began.
_LEAD = 6 * (MEMORY + 1)

Floats = NDArray[np.float32]


def encode(payload: bytes) -> Floats:
    """The CODED_SIGNS signs (+1 for a zero) of a payload of PAYLOAD_BYTES; ValueError for any other length."""
    if len(payload) != PAYLOAD_BYTES:
        raise ValueError(f"payload: {len(payload)} bytes; a mark carries exactly {PAYLOAD_BYTES}")
    frame = payload + check_of(payload)
    bits = np.unpackbits(np.frombuffer(frame, np.uint8)).astype(np.int64)
    # The register of step t holds the bit of step t on top and the MEMORY bits before it, going around the circle.
    registers = sum(np.roll(bits, age) << (MEMORY - age) for age in range(MEMORY + 1))
    return np.asarray(_signs()[registers].ravel(), np.float32)


def decode(values: Floats) -> bytes:
    """The most likely frame, payload and check, for CODED_SIGNS soft values: positive for +1, larger is surer."""
    return np.packbits(_most_likely(values.reshape(FRAME_BITS, len(GENERATORS)))).tobytes()


def checked(frame: bytes) -> bytes | None:
    """The payload of a frame whose check is right, None for any other. A frame of zeros, from silence, is not right."""
    payload, check = frame[:PAYLOAD_BYTES], frame[PAYLOAD_BYTES:]
    return payload if check_of(payload) == check else None


def check_of(payload: bytes) -> bytes:
    """The CRC-32 that follows a payload."""
    return zlib.crc32(payload).to_bytes(CHECK_BITS // 8, "big")


def _most_likely(values: Floats) -> NDArray[np.uint8]:
    """Viterbi's algorithm; the register's newest bit is on top, so the states before `s` are 2s and 2s+1, modulo."""
    steps = np.arange(-_LEAD, FRAME_BITS + _LEAD) % FRAME_BITS
    gains = values[steps] @ _words().T
    even, odd = _branches()
    score = np.zeros(_STATES, np.float32)
    chosen = np.empty((len(steps), _STATES), np.bool_)
    for step, gain in enumerate(gains):
        from_even = np.tile(score[0::2], 2) + gain[even]
        from_odd = np.tile(score[1::2], 2) + gain[odd]
        np.greater(from_odd, from_even, out=chosen[step])
        score = np.maximum(from_even, from_odd)
    return _trace(int(score.argmax()), chosen)[_LEAD : _LEAD + FRAME_BITS]


def _trace(state: int, chosen: NDArray[np.bool_]) -> NDArray[np.uint8]:
    bits = np.empty(len(chosen), np.uint8)
    for step in range(len(chosen) - 1, -1, -1):
        bits[step] = state >> (MEMORY - 1)
        state = (2 * state + int(chosen[step, state])) & (_STATES - 1)
    return bits


@cache
def _outputs() -> NDArray[np.int64]:
    """For each register the four output bits, as 0 and 1."""
    registers = np.arange(2 * _STATES)
    taps = registers[:, None] & np.array(GENERATORS)
    return np.array([[int(value).bit_count() & 1 for value in row] for row in taps])


@cache
def _signs() -> Floats:
    return (1 - 2 * _outputs()).astype(np.float32)


@cache
def _words() -> Floats:
    """The signs of each of the sixteen output words."""
    words = np.arange(1 << len(GENERATORS))
    return (1 - 2 * ((words[:, None] >> np.arange(len(GENERATORS))) & 1)).astype(np.float32)


@cache
def _branches() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The output word of the two registers that lead into each state."""
    words = _outputs() @ (1 << np.arange(len(GENERATORS)))
    return words[0::2], words[1::2]
