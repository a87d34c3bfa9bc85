"""Makes the tokenizer of a model folder from its vocabulary: phrases in, the ids of their meanings out.

A stock fast tokenizer: every declared phrase is an added token, matched longest first; other words give no token at
all. The networks know one row for each meaning, so the embedding of the exported text encoder repeats that
row for each phrase (`rows`): "farmer woman" and "agricultrice" are different tokens with equal vectors.

Invariant: reading a prompt with this tokenizer finds the same meanings as `generation.vocabulary.Vocabulary.read`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from generation.training.tokens import CONTROL, PAD, START, UNKNOWN, Alphabet
from generation.vocabulary import Phrase, Vocabulary

MAXIMUM = 24
"""Tokens of a prompt, the start token included; what is beyond is cut off."""


def write(vocabulary: Vocabulary, out: Path) -> None:
    """Write the tokenizer files that `AutoTokenizer.from_pretrained` reads into the folder `out`."""
    core = Tokenizer(models.BPE(vocab={name: index for index, name in enumerate(CONTROL)}, merges=[]))
    core.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace("’", "'")])
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.add_special_tokens([AddedToken(name, special=True) for name in CONTROL])
    core.add_tokens([_token(phrase) for phrase in meaningful(vocabulary)])
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


def rows(vocabulary: Vocabulary, alphabet: Alphabet) -> list[int]:
    """Return, for every token id of the tokenizer, the id of its meaning in the alphabet."""
    return [*range(len(CONTROL)), *(alphabet.ids[phrase.token] for phrase in meaningful(vocabulary))]


def meaningful(vocabulary: Vocabulary) -> list[Phrase]:
    """Return the phrases that become tokens: all but the fillers."""
    return [phrase for phrase in vocabulary.phrases() if phrase.token]


def _token(phrase: Phrase) -> AddedToken:
    return AddedToken(phrase.form, single_word=phrase.language != "zh", normalized=True)
