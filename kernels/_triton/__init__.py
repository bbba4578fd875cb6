"""What the Triton back ends are made of; Triton itself is imported when a call first needs it."""
