from kernels._triton.tiles import *
