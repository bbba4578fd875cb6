#pragma once
// The part of the CUDA runtime that launches need, on the host.
#include <cstddef>

constexpr int CUDART_VERSION = 0;

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1 };
inline const char* cudaGetErrorString(cudaError_t error) { return error == cudaSuccess ? "no error" : "invalid argument"; }
