"""One module per stage; each has `run(job)`, from files to files.

They run in worker processes: `python -m distill.stages`.
"""
