"""What is measured of a voice to hear its emotion: pitch, functionals, and the networks that read them."""
