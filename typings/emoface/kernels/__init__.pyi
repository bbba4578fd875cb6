# For type checkers: kernels/ is installed as emoface.kernels, which a search by folders does not find.
from kernels import *
