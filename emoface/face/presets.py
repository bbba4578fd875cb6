"""Eight people of the open head: identities by name, to begin with."""

from __future__ import annotations

from types import MappingProxyType

PEOPLE: MappingProxyType[str, dict[str, float | str]] = MappingProxyType(
    {
        "ada": {
            "masculinity": -0.8, "face_width": -0.3, "jaw_width": -0.5, "lip_fullness": 0.5, "eye_size": 0.5,
            "nose_length": -0.3, "brow_height": 0.3, "neck_width": -0.7, "hair_volume": 0.3, "hair_length": "collar",
            "skin_tone": "porcelain", "hair_colour": "auburn", "eye_colour": "green", "brows": -0.4, "lashes": "long",
        },
        "bruno": {
            "masculinity": 0.9, "jaw_width": 0.5, "nose_width": 0.3, "nose_hump": 0.4, "brow_ridge": 0.3,
            "neck_width": 0.6, "cheek_fullness": -0.2, "hair_volume": 0.3,
            "skin_tone": "olive", "hair_colour": "dark brown", "eye_colour": "brown",
            "beard": "short", "brows": "thick",
        },
        "chen": {
            "eye_tilt": 0.7, "eye_depth": -0.7, "nose_bridge": -0.8, "cheekbone": 0.6, "face_width": 0.4,
            "brow_ridge": -0.5, "nose_length": -0.2, "hair_volume": 0.5,
            "skin_tone": "light", "hair_colour": "black", "eye_colour": "dark brown",
        },
        "dalia": {
            "masculinity": -0.6, "nose_hump": 0.4, "nose_length": 0.3, "eye_size": 0.4, "eye_tilt": 0.3,
            "lip_fullness": 0.5, "chin_forward": 0.3, "neck_width": -0.5, "hair_volume": 1.0,
            "skin_tone": "brown", "hair_colour": "black", "eye_colour": "hazel", "lashes": "long",
        },
        "efe": {
            "masculinity": 0.4, "nose_width": 0.9, "nose_wing_height": 0.2, "nose_bridge": -0.5, "lip_fullness": 1.0,
            "lip_upper": 0.5, "cheekbone": 0.3, "jaw_angle": 0.3, "hair_volume": -0.5,
            "skin_tone": "dark", "hair_colour": "black", "eye_colour": "dark brown", "beard": "stubble", "brows": 0.4,
        },
        "frida": {
            "masculinity": -0.3, "age": 1.0, "heaviness": 0.4, "lip_fullness": -0.5, "eye_depth": 0.4,
            "nose_length": 0.3, "ear_size": 0.3, "hair_volume": 0.4,
            "hair_colour": "white", "eye_colour": "blue", "brows": "thin", "lashes": "short",
        },
        "gus": {
            "masculinity": 0.5, "age": 0.9, "heaviness": 0.8, "face_width": 0.5, "nose_width": 0.5, "neck_width": 0.7,
            "ear_size": 0.6, "bald": 1.0,
            "hair_colour": "grey", "eye_colour": "grey", "beard": "full", "brows": "thick",
        },
        "hana": {
            "masculinity": -0.7, "eye_tilt": 0.5, "eye_size": 0.6, "eye_depth": -0.4, "nose_bridge": -0.4,
            "nose_length": -0.5, "cheek_fullness": 0.4, "chin_length": -0.5, "jaw_width": -0.3, "neck_width": -0.6,
            "hair_volume": 0.6, "hair_length": "chin", "skin_tone": "tan", "hair_colour": "dark brown",
            "eye_colour": "brown", "lashes": "long",
        },
    }
)  # fmt: skip
"""Name -> identity and look, as everything that takes ``identity`` takes it."""
