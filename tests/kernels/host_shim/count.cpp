#include <cuda_runtime.h>

extern "C" __attribute__((visibility("default"))) unsigned long long shim_products() { return shim::products; }
