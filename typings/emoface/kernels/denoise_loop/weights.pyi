from kernels.denoise_loop.weights import *
