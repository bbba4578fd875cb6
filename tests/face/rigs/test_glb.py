"""Avatars of every style, made here: their targets are found, moved and written, and all else in them survives."""

from __future__ import annotations

import copy

import numpy as np
import pygltflib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rig import check_rig
from emoface.face.rigs import GlbRig, load_rig
from emoface.face.rigs.glb import load_glb
from emoface.face.rigs.gltf import INDEX_DATA, VERTEX_DATA, Gltf

TRIANGLE = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], np.float32)
TIMES = np.array([0.02, 0.06])


def arkit(**weights):
    """Two frames: rest, then these weights."""
    frames = np.zeros((2, 52), np.float32)
    for name, weight in weights.items():
        frames[1, ARKIT_INDEX[name]] = weight
    return frames


def add_mesh(gltf: Gltf, names: list[str], name: str = "Face", where: str = "mesh", **node) -> int:
    """A triangle with one target for each name; target k moves vertices 1 and 2 outwards by k + 1 centimetres."""
    targets = []
    for place, target in enumerate(names):
        move = np.zeros((3, 3), np.float32)
        move[1, 0] = move[2, 1] = 0.01 * (place + 1)
        accessor = gltf.add_array(move, VERTEX_DATA, bounds=True) if place % 2 else gltf.add_sparse(move, bounds=True)
        targets.append({"POSITION": accessor})
        if where == "accessor":
            gltf.document["accessors"][accessor]["name"] = target
    primitive = {
        "attributes": {"POSITION": gltf.add_array(TRIANGLE, VERTEX_DATA, bounds=True)},
        "indices": gltf.add_array(np.array([0, 1, 2], np.uint16), INDEX_DATA),
        "targets": targets,
    }
    mesh = {"name": name, "primitives": [primitive]}
    if where in ("mesh", "primitive"):
        (mesh if where == "mesh" else primitive)["extras"] = {"targetNames": names}
    mesh_index = gltf.append("meshes", mesh)
    return gltf.append("nodes", {"name": name, "mesh": mesh_index, **node})


def avatar(*meshes: list[str], where: str = "mesh") -> Gltf:
    gltf = Gltf()
    for place, names in enumerate(meshes):
        add_mesh(gltf, names, f"Mesh{place}", where)
    gltf.append("scenes", {"nodes": list(range(len(meshes)))})
    return gltf


def written(gltf: Gltf, tmp_path):
    path = tmp_path / "avatar.glb"
    path.write_bytes(gltf.to_bytes())
    return path


def load(gltf: Gltf, tmp_path):
    return load_glb(written(gltf, tmp_path))


def written_weights(path, node: int) -> np.ndarray:
    """(T, targets) weights of a node in the last animation, by an independent reader."""
    read = pygltflib.GLTF2().load(str(path))
    animation = read.animations[-1]
    sampler = animation.samplers[next(c.sampler for c in animation.channels if c.target.node == node)]
    accessor = read.accessors[sampler.output]
    view = read.bufferViews[accessor.bufferView]
    frames = read.accessors[sampler.input].count
    values = np.frombuffer(read.binary_blob(), "<f4", accessor.count, view.byteOffset)
    return values.reshape(frames, -1)


@pytest.mark.parametrize("where", ["mesh", "primitive", "accessor"])
@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda name: "blendShape1." + name,
        lambda name: name[0].upper() + name[1:].replace("Left", "_L").replace("Right", "_R"),
    ],
)
def test_target_names_are_found(where, spell, tmp_path):
    names = ["jawOpen", "mouthSmileLeft", "mouthSmileRight"]
    rig = load(avatar([spell(name) for name in names], where=where), tmp_path)
    assert set(rig.shape_names) == set(names)
    assert rig.missing == tuple(name for name in ARKIT_NAMES if name not in names)
    assert rig.unused == ()
    check_rig(rig)


def test_every_mesh_that_has_a_shape_is_moved(tmp_path):
    rig = load(avatar(["jawOpen", "eyeBlinkLeft"], ["Wolf", "JawOpen"], ["hatTilt"]), tmp_path)
    assert rig.unused == ("Wolf", "hatTilt")
    path = tmp_path / "out.glb"
    path.write_bytes(rig.animated(arkit(jawOpen=0.5, eyeBlinkLeft=1), TIMES).to_bytes())
    assert written_weights(path, 0).tolist() == [[0, 0], [0.5, 1]]
    assert written_weights(path, 1).tolist() == [[0, 0], [0, 0.5]]
    channels = pygltflib.GLTF2().load(str(path)).animations[0].channels
    assert [channel.target.node for channel in channels] == [0, 1]


def test_halves_of_a_shape_act_together(tmp_path):
    rig = load(avatar(["browInnerUp_L", "browInnerUp_R", "jawOpen"]), tmp_path)
    path = tmp_path / "out.glb"
    path.write_bytes(rig.animated(arkit(browInnerUp=0.25), TIMES).to_bytes())
    assert written_weights(path, 0)[1].tolist() == [0.25, 0.25, 0]


def named(gltf: Gltf, names: list[str]) -> Gltf:
    """The same avatar with other targetNames in its first mesh."""
    gltf.document["meshes"][0]["extras"]["targetNames"] = names
    return gltf


def test_names_that_do_not_fit_the_targets_are_not_used(tmp_path):
    for names in (["jawOpen", "mouthSmileLeft", "hat"], ["jawOpen"]):
        gltf = named(avatar(["a", "b"], ["jawOpen"]), names)
        with pytest.warns(UserWarning, match=f"mesh 0 has 2 morph targets and {len(names)} targetNames"):
            rig = load(gltf, tmp_path)
        assert rig.binds == (((1, 0, 1.0),),) and rig.unused == ("target 0", "target 1")
        gltf.document["meshes"].pop()
        gltf.document["nodes"].pop()
        gltf.document["scenes"][0]["nodes"].pop()
        with pytest.warns(UserWarning, match="targetNames"), pytest.raises(ValueError, match="none of its 2 morph"):
            load(gltf, tmp_path)


def test_a_rest_shape_in_front_of_the_names_is_no_target(tmp_path):
    rig = load(named(avatar(["a", "b"]), ["Basis", "jawOpen", "mouthSmileLeft"]), tmp_path)
    assert dict(zip(rig.shape_names, rig.binds)) == {"jawOpen": ((0, 0, 1.0),), "mouthSmileLeft": ((0, 1, 1.0),)}


def test_a_users_names_come_first(tmp_path):
    gltf = avatar(["jawOpen", "Mund", "mouthSmile_L"], ["Mund", "eyeBlinkLeft", "grin"])
    names = {"jawOpen": "Mund", "eyeBlinkLeft": None, "mouthSmileRight": {"grin": 0.5, "mouthSmile_L": 1}}
    rig = load_glb(written(gltf, tmp_path), names)
    assert dict(zip(rig.shape_names, rig.binds)) == {
        "jawOpen": ((0, 1, 1.0), (1, 0, 1.0)),
        "mouthSmileRight": ((1, 2, 0.5), (0, 2, 1.0)),  # and no longer mouthSmileLeft
    }
    assert rig.families == ("names", "names") and "eyeBlinkLeft" in rig.missing
    with pytest.raises(ValueError, match=r"avatar\.glb: names: jawOpen is to be 'Maul', which is no morph target"):
        load_rig(tmp_path / "avatar.glb", {"jawOpen": "Maul"})


def test_names_may_be_expressions_and_stand_ins(tmp_path):
    path = written(vrm0(), tmp_path)
    rig = load_rig(path, {"mouthSmileLeft": "happy", "ih": None, "ou": "Fcl_MTH_O"})
    assert set(rig.shape_names) == {"mouthSmileLeft", "aa", "ou", "ee", "blink"}
    assert dict(zip(rig.shape_names, rig.binds))["mouthSmileLeft"] == ((0, 6, 1.0),)


def test_names_belong_to_avatars():
    with pytest.raises(ValueError, match="names belong to avatars"):
        load_rig("ict.npz", {"jawOpen": "x"})


def test_ready_player_me_uses_arkit_and_leaves_the_rest(tmp_path):
    extra = ["viseme_aa", "viseme_E", "viseme_I", "viseme_O", "viseme_U", "mouthOpen", "mouthSmile", "eyesClosed"]
    rig = load(avatar([*ARKIT_NAMES, *extra], [*ARKIT_NAMES, *extra]), tmp_path)
    assert rig.missing == ()
    assert rig.shape_names == ARKIT_NAMES
    assert rig.unused == tuple(extra)


def test_ready_player_me_without_arkit_still_opens_and_smiles(tmp_path):
    rig = load(avatar(["mouthOpen", "mouthSmile"]), tmp_path)
    weights = rig.weights(arkit(jawOpen=0.6, mouthClose=0.2, mouthSmileLeft=1))[1]
    np.testing.assert_allclose(weights[[rig.shape_names.index(n) for n in ("mouthOpen", "mouthSmile")]], [0.4, 0.5])


def vrm0() -> Gltf:
    names = ["Fcl_MTH_A", "Fcl_MTH_I", "Fcl_MTH_U", "Fcl_MTH_E", "Fcl_MTH_O", "Fcl_EYE_Close", "Fcl_ALL_Joy"]
    gltf = avatar(names)
    presets = ["a", "i", "u", "e", "o", "blink", "joy"]
    groups = [
        {"name": preset.upper(), "presetName": preset, "binds": [{"mesh": 0, "index": place, "weight": 100}]}
        for place, preset in enumerate(presets)
    ]
    groups.append({"name": "Neutral", "presetName": "neutral", "binds": []})
    gltf.document["extensionsUsed"] = ["VRM"]
    gltf.document["extensions"] = {"VRM": {"blendShapeMaster": {"blendShapeGroups": groups}}}
    return gltf


def test_vrm_with_vowels_only(tmp_path):
    rig = load(vrm0(), tmp_path)
    assert set(rig.shape_names) == {"aa", "ih", "ou", "ee", "oh", "blink", "happy"}

    def at(shape, **weights):
        return rig.weights(arkit(**weights))[1, rig.shape_names.index(shape)]

    assert at("aa", jawOpen=0.5) == pytest.approx(0.7)
    assert at("aa", jawOpen=0.5, mouthClose=0.5) == 0  # p, b, m
    assert at("ou", mouthPucker=0.8, jawOpen=0.2) == pytest.approx(0.8)
    assert at("blink", eyeBlinkLeft=1, eyeBlinkRight=1) == 1
    full = rig.weights(np.ones((1, 52)))[0]
    assert full[[rig.shape_names.index(vowel) for vowel in ("aa", "ih", "ou", "ee", "oh")]].sum() <= 1 + 1e-6
    assert "tongueOut" in rig.missing and "jawOpen" not in rig.missing


def test_vrm_0_is_turned_to_the_front(tmp_path):
    gltf = vrm0()
    rig = load(gltf, tmp_path)
    np.testing.assert_allclose(rig.template, TRIANGLE * [-1, 1, -1])
    np.testing.assert_allclose(rig.deltas[rig.shape_names.index("aa"), 1], [-0.01, 0, 0])


def test_vrm_1_perfect_sync(tmp_path):
    gltf = avatar(["s0", "s1", "s2"])
    gltf.document["extensionsUsed"] = ["VRMC_vrm"]
    gltf.document["extensions"] = {"VRMC_vrm": {"expressions": {
        "preset": {"blink": {"morphTargetBinds": [{"node": 0, "index": 2, "weight": 1}]}},
        "custom": {"JawOpen": {"morphTargetBinds": [
            {"node": 0, "index": 0, "weight": 0.5}, {"node": 0, "index": 1, "weight": 1},
        ]}},
    }}}  # fmt: skip
    rig = load(gltf, tmp_path)
    assert rig.shape_names == ("jawOpen", "blink")
    path = tmp_path / "out.glb"
    path.write_bytes(rig.animated(arkit(jawOpen=0.8, eyeBlinkLeft=1, eyeBlinkRight=1), TIMES).to_bytes())
    np.testing.assert_allclose(written_weights(path, 0)[1], [0.4, 0.8, 1])


def rich() -> Gltf:
    """An avatar with everything that must survive: material, image, skin, animation, extensions, extras, sculpt."""
    gltf = avatar(["sculptNose", "jawOpen"])
    joint = gltf.append("nodes", {"name": "Bone", "translation": [0, 1, 0]})
    gltf.document["scenes"][0]["nodes"].append(joint)
    gltf.append("images", {"bufferView": gltf.add_view(b"no real picture"), "mimeType": "image/png"})
    gltf.append("textures", {"source": 0})
    gltf.append("materials", {"name": "Skin", "extensions": {"KHR_materials_unlit": {}}, "doubleSided": True})
    gltf.document["meshes"][0]["primitives"][0]["material"] = 0
    gltf.document["meshes"][0]["weights"] = [0.5, 0]
    turn = gltf.add_array(np.array([[0, 0, 0, 1]], np.float32))
    keys = gltf.add_array(np.array([0.0], np.float32), bounds=True)
    gltf.append("animations", {
        "name": "idle", "samplers": [{"input": keys, "output": turn}],
        "channels": [{"sampler": 0, "target": {"node": joint, "path": "rotation"}}],
    })  # fmt: skip
    gltf.document |= {"extensionsUsed": ["KHR_materials_unlit", "ACME_thing"], "extras": {"by": "あ", "n": 1.5}}
    gltf.others.append((b"ACME", b"1234"))
    return gltf


def test_foreign_content_survives(tmp_path):
    before = rich()
    rig = load(before, tmp_path)
    after = Gltf.from_bytes(rig.animated(arkit(jawOpen=1), TIMES).to_bytes())
    assert bytes(after.binary).startswith(bytes(before.binary))
    assert after.others == before.others
    kept = copy.deepcopy(after.document)
    assert kept["animations"].pop()["name"] == "emoface"
    kept["buffers"][0]["byteLength"] = before.document["buffers"][0]["byteLength"]
    for grown in ("accessors", "bufferViews"):
        kept[grown] = kept[grown][: len(before.document[grown])]
    assert kept == before.document


def test_unused_targets_keep_the_weight_they_have(tmp_path):
    rig = load(rich(), tmp_path)
    np.testing.assert_allclose(rig.template, TRIANGLE * 1.05)
    path = tmp_path / "out.glb"
    path.write_bytes(rig.animated(arkit(jawOpen=1), TIMES).to_bytes())
    assert written_weights(path, 0).tolist() == [[0.5, 0], [0.5, 1]]


def test_the_same_avatar_can_be_animated_again(tmp_path):
    rig = load(rich(), tmp_path)
    once = rig.animated(arkit(jawOpen=1), TIMES, "first").to_bytes()
    assert rig.animated(arkit(jawOpen=1), TIMES, "first").to_bytes() == once
    path = tmp_path / "once.glb"
    path.write_bytes(once)
    twice = load_glb(path).animated(arkit(), TIMES, "second")
    assert [animation["name"] for animation in twice.items("animations")] == ["idle", "first", "second"]


def test_node_transforms_are_applied(tmp_path):
    gltf = Gltf()
    add_mesh(gltf, ["jawOpen"], translation=[0, 0, 1], scale=[2, 2, 2])
    half = np.sqrt(0.5)
    gltf.append("nodes", {"children": [0], "rotation": [0, 0, half, half], "translation": [5, 0, 0]})
    rig = load(gltf, tmp_path)  # a quarter turn about z: x becomes y
    np.testing.assert_allclose(rig.template, [[5, 0, 1], [5, 0.2, 1], [4.8, 0, 1]], atol=1e-6)
    np.testing.assert_allclose(rig.deltas[0], [[0, 0, 0], [0, 0.02, 0], [-0.02, 0, 0]], atol=1e-6)


def test_mirrored_nodes_keep_their_outside(tmp_path):
    gltf = Gltf()
    add_mesh(gltf, ["jawOpen"], scale=[-1, 1, 1])
    a, b, c = (rig := load(gltf, tmp_path)).template[rig.faces[0]]
    assert np.cross(b - a, c - a)[2] > 0


def test_skins_replace_the_node_transform(tmp_path):
    gltf = Gltf()
    node = add_mesh(gltf, ["jawOpen"], translation=[100, 0, 0])
    joints = [gltf.append("nodes", {"translation": [0, 1, 0], "scale": [2, 2, 2]}), gltf.append("nodes", {})]
    inverse = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    inverse[0, 0, 3] = 0.5  # half a metre along x before the joint moves it
    accessor = gltf.add_array(inverse.transpose(0, 2, 1).reshape(2, 16))
    gltf.document["nodes"][node]["skin"] = gltf.append("skins", {"joints": joints, "inverseBindMatrices": accessor})
    attributes = gltf.document["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = gltf.add_array(np.array([[0, 1, 0, 0]] * 3, np.uint8))
    attributes["WEIGHTS_0"] = gltf.add_array(np.array([[255, 0, 0, 0]] * 3, np.uint8), normalized=True)
    rig = load(gltf, tmp_path)
    np.testing.assert_allclose(rig.template, TRIANGLE * 2 + [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(rig.deltas[0, 1], [0.02, 0, 0], atol=1e-6)


def test_quantised_positions(tmp_path):
    gltf = Gltf()
    add_mesh(gltf, ["jawOpen"], scale=[0.1, 0.1, 0.1])
    primitive = gltf.document["meshes"][0]["primitives"][0]
    base = np.array([[0, 0, 0, 0], [127, 0, 0, 0], [0, 127, 0, 0]], np.int8)  # rows aligned to 4 bytes
    for owner, rows in ((primitive["attributes"], base), (primitive["targets"][0], base // 2 + base % 2)):
        view = gltf.add_view(rows.tobytes(), VERTEX_DATA)
        gltf.document["bufferViews"][view]["byteStride"] = 4
        accessor = {"bufferView": view, "componentType": 5120, "count": 3, "type": "VEC3", "normalized": True}
        owner["POSITION"] = gltf.append("accessors", accessor)
    gltf.document["extensionsRequired"] = ["KHR_mesh_quantization"]
    rig = load(gltf, tmp_path)
    np.testing.assert_allclose(rig.template, TRIANGLE, atol=1e-7)
    np.testing.assert_allclose(rig.deltas[0, 1], [0.1 * 64 / 127, 0, 0], atol=1e-7)


def test_colours_come_from_factor_texture_and_vertices(tmp_path):
    image = pytest.importorskip("PIL.Image")
    import io

    picture = io.BytesIO()
    image.new("RGB", (4, 4), (255, 0, 0)).save(picture, "PNG")
    gltf = avatar(["jawOpen"], ["jawOpen"])
    gltf.append("images", {"bufferView": gltf.add_view(picture.getvalue()), "mimeType": "image/png"})
    gltf.append("textures", {"source": 0})
    gltf.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "roughnessFactor": 0.25}})
    gltf.append("materials", {"pbrMetallicRoughness": {"baseColorFactor": [0, 0, 1, 1]}})
    first, second = (mesh["primitives"][0] for mesh in gltf.document["meshes"])
    first["material"], second["material"] = 0, 1
    first["attributes"]["TEXCOORD_0"] = gltf.add_array(np.array([[0, 0], [1, 1], [-3.5, 7]], np.float32))
    second["attributes"]["COLOR_0"] = gltf.add_array(np.full((3, 3), 0.5, np.float32))
    rig = load(gltf, tmp_path)
    np.testing.assert_allclose(rig.colours[:3], [[1, 0, 0]] * 3, atol=1e-6)
    np.testing.assert_allclose(rig.colours[3:], [[0, 0, 0.7354]] * 3, atol=1e-3)
    assert rig.parts[0].roughness == 0.25


def test_surface_far_from_the_face_is_left_out_of_the_mesh(tmp_path):
    gltf = avatar(["jawOpen"])
    add_mesh(gltf, ["kneeBend"], "Leg", translation=[0, -1, 0])
    add_mesh(gltf, ["hairLong"], "Hair", translation=[0, 0.001, 0])
    assert [part.name for part in load(gltf, tmp_path).parts] == ["Mesh0", "Hair"]


def broken(change):
    gltf = rich()
    change(gltf.document)
    return gltf


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["meshes"][0]["primitives"][0].pop("targets"), "no mesh has morph targets"),
        (
            lambda d: d["meshes"][0]["extras"].update(targetNames=["up", "down"]),
            "none of its 2 morph targets.*up, down",
        ),
        (lambda d: d["meshes"][0].update(weights=[1]), "weights"),
        (lambda d: d["nodes"][0].update(scale=[1, 1, None]), "scale of node 0"),
        (lambda d: d["nodes"][0].update(rotation=[0, 0, 0, 0]), "rotation of node 0"),
        (lambda d: d["nodes"][0].update(children=[0]), "circle"),
        (lambda d: d["nodes"][0].update(children=[1, 1]), "two parents"),
        (lambda d: d["nodes"][0].update(mesh=7), "meshes"),
        (lambda d: d["nodes"].clear(), "surface"),
        (lambda d: d["meshes"][0]["primitives"][0].update(indices=0), "indices"),
        (lambda d: d["meshes"][0]["primitives"].append({"attributes": {}}), "same number of targets"),
        (lambda d: d.update(meshes=3), "meshes"),
    ],
)
def test_files_that_cannot_be_used_are_refused(change, message, tmp_path):
    with pytest.raises(ValueError, match=message) as caught:
        load(broken(change), tmp_path)
    assert "avatar.glb" in str(caught.value)


def test_bad_curves_are_refused(tmp_path):
    rig = load(rich(), tmp_path)
    for curves, times in ((np.zeros((2, 51)), TIMES), (np.full((2, 52), np.nan), TIMES), (np.zeros((0, 52)), [])):
        with pytest.raises(ValueError, match="arkit"):
            rig.animated(curves, times)
    for times in ([0, 0], [0], [0, np.nan]):
        with pytest.raises(ValueError, match="times"):
            rig.animated(arkit(), times)


def paths_of(value, path=()):
    """Every place in a document."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths_of(inner, (*path, key))


@pytest.fixture(scope="module")
def styles():
    skinned = rich()
    skinned.append("skins", {"joints": [1]})
    skinned.document["nodes"][0]["skin"] = 0
    attributes = skinned.document["meshes"][0]["primitives"][0]["attributes"]
    attributes["JOINTS_0"] = skinned.add_array(np.zeros((3, 4), np.uint8))
    attributes["WEIGHTS_0"] = skinned.add_array(np.ones((3, 4), np.float32))
    attributes["TEXCOORD_0"] = skinned.add_array(np.ones((3, 2), np.float32))
    skinned.document["materials"][0]["pbrMetallicRoughness"] = {"baseColorTexture": {"index": 0}}
    bones = with_eye_bones({"name": "LeftEye"}, {"name": "RightEye"})
    return [skinned, vrm0(), bones]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hostile_documents_do_no_worse_than_value_error(data, styles, tmp_path_factory):
    gltf = copy.deepcopy(data.draw(st.sampled_from(styles)))
    junk = st.one_of(
        st.integers(-2, 300), st.integers(2**31, 2**66), st.floats(allow_nan=False, allow_infinity=False), st.none(),
        st.booleans(), st.text(max_size=3), st.just({}), st.just([]), st.lists(st.integers(0, 3), max_size=4),
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([p for p in paths_of(gltf.document) if p]))
        owner = gltf.document
        for key in path[:-1]:
            owner = owner[key]
        owner[path[-1]] = data.draw(junk)
    try:
        rig = load(gltf, tmp_path_factory.mktemp("hostile"))
        Gltf.from_bytes(rig.animated(arkit(jawOpen=1), TIMES).to_bytes())
    except ValueError:
        pass


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_bytes_do_no_worse_than_value_error(data, tmp_path_factory):
    blob = bytearray(rich().to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "avatar.glb"
    path.write_bytes(blob[: data.draw(st.integers(1, len(blob)))])
    try:
        load_glb(path).animated(arkit(), TIMES)
    except ValueError:
        pass


def test_rigs_are_loaded_by_suffix(tmp_path):
    load(rich(), tmp_path)
    assert isinstance(load_rig(tmp_path / "avatar.glb"), GlbRig)
    with pytest.raises(FileNotFoundError):
        load_rig(tmp_path / "absent.vrm")
    with pytest.raises(FileNotFoundError, match="generic_neutral_mesh"):
        load_rig(tmp_path)
    with pytest.raises(ValueError, match=r"avatar\.fbx"):
        load_rig("avatar.fbx")


def test_parts_of_a_mesh_are_named_after_their_materials_and_eyes_are_known(tmp_path):
    gltf = avatar(["jawOpen"])
    add_mesh(gltf, ["jawOpen"], "Wolf3D_EyeLeft")
    primitives = gltf.document["meshes"][0]["primitives"]
    for name in ("Skin", "Eye.R"):
        primitives.append(primitives[0] | {"material": gltf.append("materials", {"name": name})})
    assert [part.name for part in load(gltf, tmp_path).parts] == ["Mesh0", "Skin", "eye_right", "eye_left"]


def test_pieces_without_a_name_are_named_after_the_nodes_above(tmp_path):
    gltf = avatar(["jawOpen"])
    for above in ({"name": "eyeLeft"}, {}):
        node = add_mesh(gltf, ["jawOpen"], "")
        gltf.append("nodes", above | {"children": [node]})
    assert [part.name for part in load(gltf, tmp_path).parts] == ["Mesh0", "eye_left", "mesh 2"]


def with_eye_bones(*joints: dict) -> Gltf:
    """An avatar whose head bone is turned a quarter about z and twice as large; its children are the joints."""
    gltf = avatar(["jawOpen"])
    half = float(np.sqrt(0.5))
    head = gltf.append("nodes", {"name": "Head", "rotation": [0, 0, half, half], "scale": [2, 2, 2], "children": []})
    bones = [gltf.append("nodes", joint) for joint in joints]
    gltf.document["nodes"][head]["children"] = bones
    gltf.append("skins", {"joints": bones})
    return gltf


def directions(path, node: int) -> np.ndarray:
    """Where an eye's z axis points in the world at each key (T, 3)."""
    read = pygltflib.GLTF2().load(str(path))
    animation = read.animations[-1]
    channel = next(c for c in animation.channels if c.target.node == node and c.target.path == "rotation")
    accessor = read.accessors[animation.samplers[channel.sampler].output]
    start = read.bufferViews[accessor.bufferView].byteOffset
    x, y, z, w = np.frombuffer(read.binary_blob(), "<f4", accessor.count * 4, start).reshape(-1, 4).T
    forward = np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], 1)
    return forward @ [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]  # the head's quarter turn


def test_gaze_turns_eye_bones_where_there_are_no_eye_shapes(tmp_path):
    rig = load(with_eye_bones({"name": "LeftEye"}, {"name": "mixamorig:RightEye"}), tmp_path)
    assert rig.eye_bones == (2, 3)
    assert not any(name.startswith("eyeLook") for name in rig.missing)
    path = tmp_path / "out.glb"
    path.write_bytes(rig.animated(arkit(eyeLookOutLeft=1, eyeLookInRight=1, eyeLookUpRight=0.5), TIMES).to_bytes())
    left, right = directions(path, 2), directions(path, 3)
    np.testing.assert_allclose([left[0], right[0]], [[0, 0, 1]] * 2, atol=1e-6)
    np.testing.assert_allclose(left[1], [0.5, 0, np.sqrt(0.75)], atol=1e-6)  # 30 degrees to its own left
    assert right[1, 0] > 0.4 and right[1, 1] == pytest.approx(np.sin(np.radians(15)), abs=1e-6)


def test_eye_bones_of_vrm_and_none(tmp_path):
    gltf = with_eye_bones({"name": "bone1"}, {"name": "bone2"})
    gltf.document["extensions"] = {
        "VRMC_vrm": {"humanoid": {"humanBones": {"leftEye": {"node": 2}, "rightEye": {"node": 3}}}}
    }
    assert load(gltf, tmp_path).eye_bones == (2, 3)
    bones = [{"bone": "leftEye", "node": 3}, {"bone": "rightEye", "node": 2}]
    gltf.document["extensions"] = {"VRM": {"humanoid": {"humanBones": bones}}}
    assert load(gltf, tmp_path).eye_bones == (3, 2)
    gltf.document["extensions"]["VRM"]["humanoid"]["humanBones"][0]["node"] = 99
    with pytest.raises(ValueError, match="nodes"):
        load(gltf, tmp_path)
    assert load(with_eye_bones({"name": "LeftEye"}, {"name": "Nose"}), tmp_path).eye_bones is None
    with_shapes = avatar(["jawOpen", "eyeLookUpLeft"])
    with_shapes.append("skins", {"joints": [with_shapes.append("nodes", {"name": n}) for n in ("eye_L", "eye_R")]})
    assert load(with_shapes, tmp_path).eye_bones is None


def with_eyeballs(*places: list[float]) -> Gltf:
    """An avatar with a look of its lids, and under nodes named eyeLeft and eyeRight a mesh about each place."""
    gltf = avatar(["jawOpen", "eyeLookUpLeft"])
    ball = np.concatenate([np.eye(3), -np.eye(3)]).astype(np.float32) * 0.01
    for name, sideways, place in zip(("eyeLeft", "eyeRight"), (-0.03, 0.03), places):
        primitive = {"attributes": {"POSITION": gltf.add_array(ball + np.float32(place))}}
        mesh = gltf.append("meshes", {"primitives": [primitive]})
        child = gltf.append("nodes", {"mesh": mesh})
        gltf.append("nodes", {"name": name, "translation": [sideways, 0, 0], "children": [child]})
    return gltf


def test_eyeballs_of_their_own_turn_beside_looks_of_the_lids(tmp_path):
    rig = load(with_eyeballs([0, 0, 0], [0, 0, 0]), tmp_path)
    left, right = rig.eye_bones
    named = rig.gltf.document["nodes"]
    assert (named[left]["name"], named[right]["name"]) == ("eyeRight", "eyeLeft"), "told by their place, +x is left"
    written = rig.animated(arkit(eyeLookOutLeft=1), TIMES)
    targets = [channel["target"] for channel in written.document["animations"][-1]["channels"]]
    assert {target["node"] for target in targets if target["path"] == "rotation"} == {left, right}
    assert load(with_eyeballs([0, 0, 0], [0.05, 0, 0]), tmp_path).eye_bones is None, "it would swing about its node"
    assert load(with_eyeballs([0, 0, 0]), tmp_path).eye_bones is None


def test_of_nodes_above_an_eyeball_the_lowest_turns_it_and_crowds_of_them_are_left(tmp_path):
    gltf = with_eyeballs([0, 0, 0], [0, 0, 0])
    nodes = gltf.document["nodes"]
    for node in [node for node in nodes if str(node.get("name")).startswith("eye")]:
        nodes[node["children"][0]]["name"] = node["name"]
    eyes = load(gltf, tmp_path).eye_bones
    assert eyes is not None and all("mesh" in nodes[eye] for eye in eyes)
    nodes += [{"name": "eyeLeft"}] * 40
    assert load(gltf, tmp_path).eye_bones is None


def test_a_bone_turns_the_head_wherever_its_parent_looks(tmp_path):
    turn = np.tile([0, np.sin(0.2), 0, np.cos(0.2)], (len(TIMES), 1))  # to the left
    for names in (("mixamorig:Head", "Spine"), ("Spine", "CC_Base_Head"), ("Neck", "Nose")):
        rig = load(with_eye_bones(*({"name": name} for name in names)), tmp_path)
        assert rig.head_bone == (3 if "Head" in names[1] else 2) and rig.neck is not None
        path = tmp_path / "out.glb"
        path.write_bytes(rig.animated(arkit(), TIMES, head=turn).to_bytes())
        np.testing.assert_allclose(directions(path, rig.head_bone)[0], [np.sin(0.4), 0, np.cos(0.4)], atol=1e-6)
        with pytest.raises(ValueError, match="head must be finite"):
            rig.animated(arkit(), TIMES, head=turn[1:])
    gltf = with_eye_bones({"name": "bone1"}, {"name": "bone2"})
    assert load(gltf, tmp_path).head_bone is None
    for node, found in ((3, 3), (99, None), ("3", None)):
        gltf.document["extensions"] = {"VRMC_vrm": {"humanoid": {"humanBones": {"head": {"node": node}}}}}
        assert load(gltf, tmp_path).head_bone == found


def test_without_pillow_textures_are_passed_over_with_a_warning(tmp_path, monkeypatch):
    gltf = rich()
    gltf.document["materials"][0]["pbrMetallicRoughness"] = {
        "baseColorTexture": {"index": 0},
        "baseColorFactor": [1, 0, 0, 1],
    }
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.warns(UserWarning, match=r"emoface\[avatar\]"):
        rig = load(gltf, tmp_path)
    np.testing.assert_allclose(rig.colours, [[1, 0, 0]] * 3, atol=1e-6)


@pytest.mark.parametrize(
    "names",
    [
        [
            "Fcl_MTH_A",
            "Fcl_MTH_I",
            "Fcl_MTH_U",
            "Fcl_MTH_E",
            "Fcl_MTH_O",
            "Fcl_EYE_Close",
            "Fcl_BRW_Joy",
            "Fcl_ALL_Joy",
        ],
        ["viseme_aa", "viseme_I", "viseme_U", "viseme_E", "viseme_O", "eyesClosed", "viseme_PP", "happy"],
        ["あ", "い", "う", "え", "お", "まばたき", "Shape_A", "Joy"],
    ],
)
def test_vowels_are_known_by_the_names_of_their_targets(names, tmp_path):
    rig = load(avatar(names), tmp_path)
    assert [rig.shape_names.index(shape) for shape in ("blink", "aa", "ih", "ou", "ee", "oh", "happy")] == list(
        range(7)
    )
    assert [target for ((_, target, _),) in rig.binds] == [5, 0, 1, 2, 3, 4, 7]
    assert rig.unused == (names[6],)
