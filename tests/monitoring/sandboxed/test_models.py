"""What leaves a model: the class that counts, and one number a row."""

import numpy as np
import pytest

from monitoring.sandboxed.models import as_scores, positive_index
from portal.core.sandbox.child import Refusal


def test_the_last_class_counts_unless_one_is_named() -> None:
    assert positive_index(["no", "yes"], None) == 1
    assert positive_index(["no", "yes"], "no") == 0
    with pytest.raises(Refusal, match="no class “late”; its classes are no, yes"):
        positive_index(["no", "yes"], "late")
    with pytest.raises(Refusal, match="knows 3 classes"):
        positive_index(["a", "b", "c"], None)


def test_an_output_is_one_number_a_row() -> None:
    assert as_scores([[0.5], [0.7]], 2).tolist() == [0.5, 0.7]
    assert as_scores(np.ones((2, 3)), 2).shape == (2, 3)
    for output, words in ((["late"], "not a number"), (np.zeros(3), "shape"), (np.float64(1), "shape")):
        with pytest.raises(Refusal, match=words):
            as_scores(output, 1)
