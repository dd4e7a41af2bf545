"""Checks of chapter 10, `10_sequence_tasks`, in the order of its exercises.

The order of the quantities in each check is the order in which a learner computes them.
"""

from utils.checks.chapter10.beam import check_beam_step
from utils.checks.chapter10.converting import check_from_torch_gru
from utils.checks.chapter10.entities import check_entity_scores
from utils.checks.chapter10.formulas import CHAPTER
from utils.checks.chapter10.loss import check_masked_loss
from utils.checks.chapter10.packing import check_packing
from utils.checks.chapter10.predict import check_torch_shapes
from utils.checks.chapter10.study import check_padding_study
from utils.checks.chapter10.summaries import check_summaries
from utils.checks.chapter10.teacher import check_decoder_pairs
from utils.checks.chapter10.windows import check_series_windows
from utils.checks.engine import REGISTRY

__all__ = [
    "check_beam_step",
    "check_decoder_pairs",
    "check_entity_scores",
    "check_from_torch_gru",
    "check_masked_loss",
    "check_packing",
    "check_padding_study",
    "check_series_windows",
    "check_summaries",
    "check_torch_shapes",
]

# In the order of the exercises, for tables of progress.
REGISTRY[CHAPTER] = {
    check.name: check
    for check in (
        check_torch_shapes,
        check_from_torch_gru,
        check_series_windows,
        check_masked_loss,
        check_packing,
        check_summaries,
        check_entity_scores,
        check_decoder_pairs,
        check_beam_step,
        check_padding_study,
    )
}
