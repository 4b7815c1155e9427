"""Training speed under both OpenMP wait policies, as a ratio to the active one, in one run.

`python benchmarks/threads.py [--load]`; `--load` keeps one core busy beside it. The policies take
turns, three rounds each.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

ROUNDS, STEPS = 3, 5


def measure() -> None:
    """Print the tokens a second of training steps of a random 6-layer, 384-wide BERT."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536
    )
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    ids = torch.randint(1000, 20000, (16, 60))
    for step in range(STEPS + 1):
        if step == 1:
            started = time.perf_counter()
        model(input_ids=ids, labels=torch.zeros(16, dtype=torch.long)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    print(STEPS * ids.numel() / (time.perf_counter() - started))


def main() -> None:
    """Run both policies in turn and print one JSON line."""
    busy = (
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        if "--load" in sys.argv
        else None
    )
    found: dict[str, list[float]] = {"ACTIVE": [], "PASSIVE": []}
    try:
        for _ in range(ROUNDS):
            for policy, speeds in found.items():
                environment = {**os.environ, "OMP_WAIT_POLICY": policy}
                command = [sys.executable, __file__, "--measure"]
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, check=True
                )
                speeds.append(float(done.stdout))
    finally:
        if busy is not None:
            busy.kill()
    medians = {policy: statistics.median(speeds) for policy, speeds in found.items()}
    print(
        json.dumps(
            {
                "tokens_per_second": medians,
                "passive_to_active": medians["PASSIVE"] / medians["ACTIVE"],
            }
        )
    )


if __name__ == "__main__":
    measure() if "--measure" in sys.argv else main()
