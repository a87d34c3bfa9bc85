"""From a model folder to a pipeline in memory: offline, safetensors only, stock classes only. Loads torch."""

from typing import Any

import diffusers
import torch
import transformers

from generation.catalogue import ModelEntry
from generation.errors import ModelFolderError
from generation.families import family_of


def pipeline_of(entry: ModelEntry) -> Any:
    """Load the pipeline of an entry, float32 on the CPU, without looking at its digests.

    Raises `ModelFolderError` when diffusers cannot load the folder.
    """
    loader: Any = diffusers.DiffusionPipeline
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        _silence(logging)
    try:
        pipeline = loader.from_pretrained(
            str(entry.folder),
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            **family_of(entry.pipeline).parts(),
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        message = f"model_index.json: diffusers cannot load {entry.folder.name} ({error}); fetch the folder again"
        raise ModelFolderError(message) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _silence(logging: Any) -> None:
    # Both libraries warn by printing pieces of the prompt, which has no place in a log.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
