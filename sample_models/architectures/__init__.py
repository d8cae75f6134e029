"""The networks behind the samples, one idea a file; these modules need torch."""
