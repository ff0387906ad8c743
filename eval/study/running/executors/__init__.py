"""What carries the jobs of a study: processes of this machine, a Ray cluster, or Slurm."""
