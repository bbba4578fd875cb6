"""Fuzz one loader by what code its inputs reach: ``python -m tests.fuzz.guided NAME [libFuzzer's options]``.

Needs atheris (``pip install atheris``), which is no part of the development extras. The corpus is kept in the folder
``fuzz_corpus``; libFuzzer's ``-runs=100000`` or ``-max_total_time=600`` end it.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import atheris

from tests.fuzz.loaders import LOADERS
from tests.fuzz.worker import BUDGET, fault


def main() -> None:
    """Run until libFuzzer ends it or a fault is found."""
    name, *options = sys.argv[1:]
    loader = LOADERS[name]
    corpus = Path("fuzz_corpus") / name.replace(" ", "_")
    corpus.mkdir(parents=True, exist_ok=True)
    path = corpus.parent / f"input{loader.suffix}"
    os.environ["EMOFACE_BUDGET"] = BUDGET
    warnings.simplefilter("ignore")

    def load(data: bytes) -> None:
        path.write_bytes(data)
        try:
            loader.load(path)
        except Exception as error:
            wrong = fault(error, path)
            if wrong:
                raise RuntimeError(wrong) from error

    with atheris.instrument_imports(include=["emoface", "zipfile", "json", "csv"]):  # loaders import when they load
        for number, seed in enumerate(loader.all_seeds()):
            (corpus / f"seed{number}").write_bytes(seed)
            load(seed)
    atheris.Setup([sys.argv[0], str(corpus), "-timeout=3", "-rss_limit_mb=4096", *options], load)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
