"""The operators of denoiser, face and renderer, each one folder: reference, cases and whatever back ends exist.

Model code calls the functions named here and never names a back end.
"""

if __name__ != "emoface.kernels":
    raise ImportError(
        f"this folder is the package emoface.kernels but is being imported as {__name__!r}: "
        "run `pip install -e .` once and import emoface.kernels"
    )

from ._contract.op import BACKEND_NAMES, OPS, KernelOp, use_backend
from .adain import adain
from .content_attention import content_attention
from .denoise_loop import denoise_loop, fast_products, has_bfloat16
from .ff_adain_film import ff_adain_film
from .ff_gelu import ff_gelu
from .film import film
from .flame_lbs import flame_lbs
from .ln_qkv import ln_qkv
from .oproj_residual_film import oproj_residual_film
from .prepare_clip import prepare_clip
from .prepare_schedule import prepare_schedule
from .rasterize import rasterize
from .sampler_step import sampler_step
from .self_attention import self_attention
from .shade import shade
from .shadow import shadow
from .time_conv import time_conv
from .vertex_normals import vertex_normals

__all__ = [
    "BACKEND_NAMES",
    "OPS",
    "KernelOp",
    "adain",
    "content_attention",
    "denoise_loop",
    "fast_products",
    "has_bfloat16",
    "ff_adain_film",
    "ff_gelu",
    "film",
    "flame_lbs",
    "ln_qkv",
    "oproj_residual_film",
    "prepare_clip",
    "prepare_schedule",
    "rasterize",
    "sampler_step",
    "self_attention",
    "shade",
    "shadow",
    "time_conv",
    "use_backend",
    "vertex_normals",
]
