"""Who is going to leave: prepares data, trains and evaluates a logistic regression, with nothing but Python.

The runner allows it as a program of its own (RUNNER_PROGRAMS):
  model: { path: /usr/bin/python3, args: [model.py], network: none, repeat: safe }
What is to be done comes as JSON on standard input, what came of it goes as JSON to standard output.
"""

import hashlib
import json
import math
import sys


def prepare(customers):
    """Scales every feature to 0..1 and puts every fourth customer aside for the evaluation."""
    features = sorted(key for key in customers[0] if key not in ("id", "left"))
    highest = {key: max(max(float(each[key]) for each in customers), 1e-9) for key in features}
    rows = [
        {"x": [float(each[key]) / highest[key] for key in features], "y": 1 if each["left"] else 0}
        for each in sorted(customers, key=lambda each: each["id"])
    ]
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    return {
        "train": [row for at, row in enumerate(rows) if at % 4 != 3],
        "test": [row for at, row in enumerate(rows) if at % 4 == 3],
        "about": {"features": features, "highest": highest, "data": digest},
    }


def chance(weights, x):
    return 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, [1.0, *x]))))


def train(rows, rounds):
    weights = [0.0] * (len(rows[0]["x"]) + 1)
    for _ in range(rounds):
        for row in rows:
            error = row["y"] - chance(weights, row["x"])
            weights = [weight + 0.5 * error * value for weight, value in zip(weights, [1.0, *row["x"]])]
    return {"weights": [round(weight, 6) for weight in weights]}


def evaluate(weights, rows, about):
    """How often it is right with customers it has not seen, and the model as it is kept."""
    right = sum((chance(weights, row["x"]) > 0.5) == (row["y"] == 1) for row in rows)
    accuracy = round(right / len(rows), 4)
    kept = {**about, "weights": weights, "accuracy": accuracy}
    return {"accuracy": accuracy, "rows": len(rows), "file": json.dumps(kept, sort_keys=True) + "\n"}


def main():
    asked = json.load(sys.stdin)
    if asked["do"] == "prepare":
        result = prepare(asked["customers"])
    elif asked["do"] == "train":
        result = train(asked["rows"], asked["rounds"])
    else:
        result = evaluate(asked["weights"], asked["rows"], asked["about"])
    json.dump(result, sys.stdout)


main()
