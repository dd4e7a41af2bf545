"""Claims about recurrent networks, each put to the test by one script."""
