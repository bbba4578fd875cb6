"""What an operator declares: its schema, reference, cases and the error rule it is held to."""
