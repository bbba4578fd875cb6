from kernels._runtime.native import *
