"""How calls reach the native modules: addresses, packed weights, the heads they know and gradients of attention."""
