#pragma once
// The part of the CUDA runtime that launches need, on the host.
#include <cstddef>

constexpr int CUDART_VERSION = 0;

namespace shim {
inline const char* fault;  // what a launch did wrong
}

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorLaunchFailure = 719 };
inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorLaunchFailure && shim::fault ? shim::fault : "invalid argument";
}
