"""What protects a job that is killed at one of the ten points."""

from mechanisms import Off

OFF: Off = {}
