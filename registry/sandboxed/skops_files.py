"""skops models: every type must be on a list that ships with this code, before anything is constructed.

The arrays of trees hold raw indices that scikit-learn follows unchecked, so a crafted file can crash or misread its
process: another reason why they are only ever loaded in the cage.
"""

import warnings
import zipfile
from typing import Any, BinaryIO

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from portal.core.sandbox.child import Refusal
from registry.sandboxed import skops_archive

ALLOWED = [
    "numpy.dtype",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "scipy.interpolate._bsplines.BSpline",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
]
"""Beside what skops trusts itself: scikit-learn's estimators, NumPy's types, ufuncs. Never extended by a file."""


def inspect(file: BinaryIO) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return (signature, details, notes) of a sound model; raises Refusal with what is wrong with it."""
    estimator, notes = load(file)
    return signature_of(estimator), {"estimators": estimators_in(estimator)}, notes


def load(file: BinaryIO) -> tuple[Any, list[str]]:
    """Return the model and the warnings it gave; raises Refusal when it is not sound."""
    skops_archive.check(file)
    try:
        file.seek(0)
        data = file.read()
        untrusted = sorted(set(skops.io.get_untrusted_types(data=data)) - set(ALLOWED))
        if untrusted:
            raise Refusal(skops_archive.untrusted(untrusted))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = skops.io.loads(data, trusted=ALLOWED)
    except UntrustedTypesFoundException as error:
        raise Refusal(skops_archive.untrusted([str(error)])) from None
    except RecursionError:
        raise Refusal("The skops schema is nested too deeply.") from None
    except (
        zipfile.BadZipFile, ValueError, TypeError, KeyError, AttributeError, ImportError, IndexError, EOFError
    ) as error:  # fmt: skip
        raise Refusal(f"The skops file is broken or was edited: {_one_line(error)}") from None
    return model, sorted({_one_line(warning.message) for warning in caught})[:20]


def signature_of(estimator: Any) -> dict[str, Any]:
    """Return the inputs and outputs of a fitted scikit-learn estimator, as far as it says them."""
    names = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    count = getattr(estimator, "n_features_in_", None)
    inputs: list[dict[str, Any]]
    if names:
        inputs = [{"name": name, "type": "column", "shape": [None, 1]} for name in names]
    else:
        inputs = [{"name": "X", "type": "table", "shape": [None, None if count is None else int(count)]}]
    classes = [str(label) for label in getattr(estimator, "classes_", [])]
    outputs = []
    if classes:
        kind = "probability" if hasattr(estimator, "predict_proba") else "label"
        outputs = [{"name": kind, "type": "float64", "shape": [None, len(classes)], "classes": classes}]
    elif hasattr(estimator, "predict"):
        outputs = [{"name": "prediction", "type": "float64", "shape": [None]}]
    return {"inputs": inputs, "outputs": outputs}


def estimators_in(estimator: Any) -> list[str]:
    """Return the class names of an estimator and of the steps it is made of."""
    found, waiting = [], [estimator]
    while waiting:
        current = waiting.pop(0)
        found.append(f"{type(current).__module__}.{type(current).__name__}")
        steps = getattr(current, "steps", None) or getattr(current, "transformers_", None) or []
        waiting.extend(step[1] for step in steps if hasattr(step[1], "get_params"))
    return found[:200]


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]
