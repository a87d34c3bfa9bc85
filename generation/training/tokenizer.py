"""Makes the tokenizer of a model folder from its vocabulary: phrases in, the tokens of their meanings out.

A stock fast tokenizer. Its normalizer puts, for each declared phrase, one private character for every token of the
meaning, longest phrases first; its model knows these characters and nothing else, so other words give no token. The
id of a token is its row in the networks: "farmer woman" and "agricultrice" are the same tokens.

Invariant: reading a prompt with this tokenizer finds the same meanings as `generation.vocabulary.Vocabulary.read`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from generation.training.compose import LENGTH
from generation.training.tokens import CONTROL, PAD, START, UNKNOWN, Alphabet
from generation.vocabulary import UNSPACED, Phrase, Vocabulary

MAXIMUM = LENGTH
"""Tokens of a prompt, the start token included; what is beyond is cut off, as no caption of training was longer."""

_FIRST = 0xF0000
"""Start of the supplementary private use area: characters that no text contains."""


def write(vocabulary: Vocabulary, alphabet: Alphabet, out: Path) -> None:
    """Write the tokenizer files that `AutoTokenizer.from_pretrained` reads into the folder `out`."""
    ids = {name: index for index, name in enumerate(CONTROL)}
    ids |= {_character(token): token for token in range(len(CONTROL), alphabet.size)}
    core = Tokenizer(models.BPE(vocab=ids, merges=[]))
    core.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace("’", "'"),
            normalizers.Replace(Regex(r"\s+"), " "),
            *(_replacement(phrase, alphabet) for phrase in vocabulary.longest_first() if phrase.token),
        ]
    )
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.add_special_tokens([AddedToken(name, special=True) for name in CONTROL])
    core.post_processor = processors.TemplateProcessing(single="[CLS] $A", special_tokens=[("[CLS]", START)])
    fast: Any = PreTrainedTokenizerFast
    fast(
        tokenizer_object=core,
        pad_token=CONTROL[PAD],
        unk_token=CONTROL[UNKNOWN],
        cls_token=CONTROL[START],
        model_max_length=MAXIMUM,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    ).save_pretrained(out)


def _character(token: int) -> str:
    return chr(_FIRST + token)


def _replacement(phrase: Phrase, alphabet: Alphabet) -> normalizers.Normalizer:
    pattern = re.sub(r"([^\w\s'])", r"\\\1", phrase.form)
    if phrase.language not in UNSPACED:
        # A border of a word is asked for only beside a character that belongs to words.
        pattern = (r"(?<!\w)" if re.match(r"\w", pattern) else "") + pattern
        pattern += r"(?!\w)" if re.search(r"\w$", pattern) else ""
    return normalizers.Replace(Regex(pattern), "".join(map(_character, alphabet.tokens[phrase.token])))
