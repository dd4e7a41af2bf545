"""What `benchmarks/training_step.py` is made of: contenders, gate, worker, summaries, figures."""
