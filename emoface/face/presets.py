"""Eight people of the open head: identities by name, to begin with."""

from __future__ import annotations

from types import MappingProxyType

PEOPLE: MappingProxyType[str, dict[str, float]] = MappingProxyType(
    {
        "ada": {
            "masculinity": -0.8, "face_width": -0.3, "jaw_width": -0.5, "lip_fullness": 0.5, "eye_size": 0.5,
            "nose_length": -0.3, "brow_height": 0.3, "neck_width": -0.7, "hair_volume": 0.3,
        },
        "bruno": {
            "masculinity": 0.9, "jaw_width": 0.5, "nose_width": 0.3, "nose_hump": 0.4, "brow_ridge": 0.3,
            "neck_width": 0.6, "cheek_fullness": -0.2, "hair_volume": 0.3,
        },
        "chen": {
            "eye_tilt": 0.7, "eye_depth": -0.7, "nose_bridge": -0.8, "cheekbone": 0.6, "face_width": 0.4,
            "brow_ridge": -0.5, "nose_length": -0.2, "hair_volume": 0.5,
        },
        "dalia": {
            "masculinity": -0.6, "nose_hump": 0.4, "nose_length": 0.3, "eye_size": 0.4, "eye_tilt": 0.3,
            "lip_fullness": 0.5, "chin_forward": 0.3, "neck_width": -0.5, "hair_volume": 1.0,
        },
        "efe": {
            "masculinity": 0.4, "nose_width": 0.9, "nose_wing_height": 0.2, "nose_bridge": -0.5, "lip_fullness": 1.0,
            "lip_upper": 0.5, "cheekbone": 0.3, "jaw_angle": 0.3, "hair_volume": -0.5,
        },
        "frida": {
            "masculinity": -0.3, "age": 1.0, "heaviness": 0.4, "lip_fullness": -0.5, "eye_depth": 0.4,
            "nose_length": 0.3, "ear_size": 0.3, "hair_volume": 0.4,
        },
        "gus": {
            "masculinity": 0.5, "age": 0.9, "heaviness": 0.8, "face_width": 0.5, "nose_width": 0.5, "neck_width": 0.7,
            "ear_size": 0.6, "bald": 1.0,
        },
        "hana": {
            "masculinity": -0.7, "eye_tilt": 0.5, "eye_size": 0.6, "eye_depth": -0.4, "nose_bridge": -0.4,
            "nose_length": -0.5, "cheek_fullness": 0.4, "chin_length": -0.5, "jaw_width": -0.3, "neck_width": -0.6,
            "hair_volume": 0.6,
        },
    }
)  # fmt: skip
"""Name -> identity, as everything that takes ``identity`` takes it."""
