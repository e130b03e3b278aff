"""How much of later citation any model could find in what is known at filing: our glass box beside freer models.

    .venv/bin/python benchmarks/originality_bound.py CORPUS

Needs a corpus with its training table (made by ``ktop originality validate --corpus CORPUS``), scikit-learn and
LightGBM. Every model predicts patents of families (then: of applicants) that it has not seen; figures are AUC within
the filing year. Freer models get the measures without sign constraint, the text vector, or both.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np

FOLDS = 5


def main() -> None:
    """Run and print."""
    from lightgbm import LGBMClassifier
    from sklearn.linear_model import LogisticRegression

    from ktop.models.originality.definitions import measures
    from ktop.patents.engine.index import PatentIndex
    from ktop.usecases.training.originality_data import training_table
    from ktop.usecases.training.originality_training import learn_from, logits_of, outcomes_in
    from ktop.usecases.training.originality_validation import FORECAST_RIDGE
    from ktop.usecases.training.wording_noise import wording_noise
    from ktop.validation.within import within_groups

    folder = Path(sys.argv[1])
    table = training_table(folder)
    index = PatentIndex(folder)
    # stored text vectors of the patents themselves: title and abstract, nothing later
    docs = np.concatenate([index.docs_of([name]) for name in table["id"].to_list()])
    vectors = index.dense.vectors_of(docs).astype(np.float64)
    logits, years, drawn = logits_of(table)
    y = outcomes_in(table, years, drawn)["cited"]
    weight = table["weight"].to_numpy()
    noise = wording_noise(folder)
    families = table["family"].to_list()
    firms = [a or f for a, f in zip(table["applicant"].to_list(), families, strict=True)]
    print(f"{len(y):,} patents, {int(np.nansum(y))} cited later by another family")
    for unseen, labels in (("families", families), ("applicants", firms)):
        codes = np.unique(np.array(labels, dtype=str), return_inverse=True)[1]
        fold = (np.random.default_rng(0).permutation(int(codes.max()) + 1) % FOLDS)[codes]
        inputs = {"measures": logits, "vector": vectors, "both": np.hstack([logits, vectors])}
        scores = {"glass box (ours)": np.zeros(len(y))}
        for k in range(FOLDS):
            shares = learn_from(table, name="", rows=fold != k, ridges=(FORECAST_RIDGE,), noise=noise).weights.shares
            scores["glass box (ours)"][fold == k] = logits[fold == k] @ [shares[m.name] for m in measures()]
        for name, x in inputs.items():
            for model in ("logistic", "LightGBM"):
                found = np.zeros(len(y))
                for k in range(FOLDS):
                    train, test = fold != k, fold == k
                    centre, spread = x[train].mean(axis=0), np.maximum(x[train].std(axis=0), 1e-9)
                    if model == "logistic":
                        fitted = LogisticRegression(C=0.003, max_iter=300).fit((x[train] - centre) / spread, y[train])
                        found[test] = fitted.decision_function((x[test] - centre) / spread)
                    else:
                        trees = LGBMClassifier(
                            n_estimators=150,
                            learning_rate=0.03,
                            num_leaves=7,
                            min_child_samples=40,
                            colsample_bytree=0.3,
                            reg_lambda=10.0,
                            n_jobs=1,
                            verbose=-1,
                            random_state=0,
                        ).fit(x[train], y[train])
                        found[test] = trees.predict(x[test], raw_score=True)
                scores[f"{model}, {name}"] = found
        print(f"\nunseen {unseen:17} AUC within filing year (95 % interval, whole applicants drawn)")
        for name, row in within_groups(y, scores, years, firms, weight, repeats=200).items():
            print(f"{name:24} {row.auc[0]:.3f} ({row.auc[1]:.3f}-{row.auc[2]:.3f})", flush=True)


if __name__ == "__main__":
    main()
