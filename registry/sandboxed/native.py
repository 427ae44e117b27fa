"""Who opens the files of which library for boosted trees; the libraries themselves are loaded only when asked."""

from collections.abc import Callable, Mapping

from registry.sandboxed import catboost_files, lightgbm_files, xgboost_files
from registry.sandboxed.boosted import Boosted

LOADERS: Mapping[str, Callable[[bytes], Boosted]] = {
    "lightgbm": lightgbm_files.load,
    "xgboost": xgboost_files.load,
    "catboost": catboost_files.load,
}
