"""What bench/run, bench/run-peers and bench/callgrind are made of. Python's standard library, wrk and PostgreSQL's programs, nothing else."""
