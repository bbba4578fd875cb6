"""The shape of the repository: operator folders are complete, imports point one way, C++ knows no framework."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from emoface.kernels import OPS

ROOT = Path(__file__).resolve().parent.parent
PARTS = {"audio", "binding", "diffusion", "face"}
BOTTOM = {"checks", "device", "files", "host", "limits", "reading"}  # everything may import these

# What each part of the package may import from the others; a dotted name allows that module alone.
ALLOWED = {
    "kernels": {"_cpu", "_cuda"},
    "checks": set(),
    "host": set(),
    "device": set(),
    "checkpoints": set(),
    "files": set(),
    "limits": set(),
    "reading": set(),
    "face": {"kernels"},
    "audio": {"kernels", "face.layout"},
    "binding": {"kernels", "face.layout", "audio.features", "audio.normalize"},
    "diffusion": {"kernels", "face.layout", "audio.lip_net"},
    "face_motion": {"face", "audio"},
    "render": {"face_motion", "face", "kernels"},
    "export": {"emotion_forms", "face_motion", "render", "face", "audio"},
    "metrics": {"face_motion", "export", "face", "audio", "binding"},
    "animation": {"face_motion", "export", "render", "face"},
    "emotion_forms": {"binding.emotions"},
    "emotion": {"emotion_forms", "animation", "face_motion", *PARTS},
    "speaker": {"emotion_forms", "face_motion", "emotion", *PARTS},
    "pipeline": {"animation", "checkpoints", "emotion", "kernels", "speaker", *PARTS},
    "api": {"animation", "checkpoints", "emotion", "pipeline", *PARTS},
    "info": {"__version__", "_cpu", "_cuda", "checkpoints", "kernels"},
}
FREE = {"", "__main__", "cli", "evaluation", "training"}  # may import everything, but for one another:
USERS = {"training": {"cli", "evaluation"}, "evaluation": {"cli"}, "cli": {"__main__"}}  # who may import these


def modules():
    for top, package in (("emoface", ("emoface",)), ("kernels", ("emoface", "kernels"))):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = (*package, *path.relative_to(ROOT / top).with_suffix("").parts)
            yield path, parts[:-1] if parts[-1] == "__init__" else parts, parts[:-1]


def imports(path: Path, package: tuple[str, ...]):
    """Full dotted names below emoface that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        yield from (name[1:] for name in names if name[0] == "emoface" and len(name) > 1)


def arrows():
    for path, name, package in modules():
        own = name[1] if len(name) > 1 else ""
        for target in imports(path, package):
            if target[0] != own:
                yield path.relative_to(ROOT).as_posix(), own, target


def test_imports_point_one_way():
    wrong = []
    for path, own, target in arrows():
        if own not in USERS.get(target[0], {own}):
            wrong.append(f"{path} imports {'.'.join(target)}: only {sorted(USERS[target[0]])} may import {target[0]}")
        elif target[0] not in BOTTOM and own not in FREE and not any(
            target[: len(allowed.split("."))] == allowed.split(".") for allowed in ALLOWED.get(own, set())
        ):
            wrong.append(f"{path} imports {'.'.join(target)}: {own} may import {sorted(ALLOWED.get(own, []))}")
    assert not wrong, "\n".join(wrong)


def test_no_part_imports_in_a_circle():
    """Parts that import nothing but parts already taken away are taken away, until none is left."""
    left = {own: set() for _, own, _ in arrows() if own not in ("", "__main__")}
    for _, own, target in arrows():
        if own in left:
            left[own].add(target[0])
    while free := [own for own, targets in left.items() if not targets & set(left)]:
        for own in free:
            del left[own]
    circle = {own: sorted(targets & set(left)) for own, targets in left.items()}
    assert not circle, f"these import one another: {circle}"


def test_one_operator_never_imports_another():
    for path, name, package in modules():
        if name[:2] != ("emoface", "kernels") or len(name) < 4:
            continue
        others = set(OPS) - {name[2]}
        for target in imports(path, package):
            assert target[0] == "kernels" and target[1] not in others, f"{path}: {'.'.join(target)}"


def test_references_import_torch_alone():
    for name in OPS:
        tree = ast.parse((ROOT / "kernels" / name / "reference.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.module.split(".")[0] in ("torch", "__future__") and not node.level
            elif isinstance(node, ast.Import):
                assert all(alias.name.split(".")[0] == "torch" for alias in node.names)


def test_model_code_names_no_backend():
    for path, name, _ in modules():
        if name[1:2] and name[1] in PARTS | {"pipeline", "api"}:
            assert "use_backend" not in path.read_text(), path


@pytest.mark.parametrize("name", OPS)
def test_operator_has_its_files(name):
    op, folder = OPS[name], ROOT / "kernels" / name
    for file in ("__init__.py", "reference.py", "cases.py"):
        assert (folder / file).exists(), file
    kinds = {backend.name for backend in op.backends}
    expected = {"__init__.py", "reference.py", "cases.py"}
    expected |= {"native.py"} if kinds & {"cpu", "cuda"} else set()
    expected |= {"triton_kernel.py"} if "triton" in kinds else set()
    expected |= {"trajectory.py", "graph.py"} if name == "denoise_loop" else set()  # launches, recorded as graphs
    assert {path.name for path in folder.glob("*.py")} == expected
    sources = {path.name for path in (ROOT / "csrc" / name).glob("*")}
    assert (f"{name}_cpu.cpp" in sources) == ("cpu" in kinds)
    assert (f"{name}_cuda.cu" in sources) == ("cuda" in kinds)
    assert (ROOT / f"csrc/include/emoface/{name}.h").exists() == bool(kinds & {"cpu", "cuda"})


def test_every_operator_folder_is_registered():
    folders = {path.parent.name for path in (ROOT / "kernels").glob("[a-z]*/__init__.py")}
    assert folders == set(OPS)
    assert {path.name for path in (ROOT / "csrc").iterdir() if path.is_dir()} - {"include", "cuda"} <= set(OPS)


def test_c_sources_know_no_framework():
    files = [p for p in (ROOT / "csrc").rglob("*") if p.is_file() and not p.name.startswith("bindings")]
    assert files
    for path in files:
        for header in re.findall(r'#\s*include\s*[<"]([^>"]+)', path.read_text()):
            assert not header.startswith(("torch", "ATen", "c10", "pybind11", "Python")), f"{path}: {header}"


def test_code_of_one_instruction_set_uses_no_shared_templates():
    """A template of the standard library compiled for AVX-512 could be linked into the path of an older processor."""
    allowed = {"atomic", "cstddef", "cstdint", "cstring", "new", "immintrin.h", "arm_neon.h", "cuda_fp16.h"}
    own, waiting = set(), [ROOT / "csrc" / "kernels_cpu.cpp"]
    while waiting:
        path = waiting.pop()
        own.add(path)
        for header in re.findall(r'#\s*include\s*[<"]([^>"]+)', path.read_text()):
            found = [p for p in (ROOT / "csrc" / header, ROOT / "csrc" / "include" / header) if p.exists()]
            assert found or header in allowed, f"{path}: {header}"
            waiting += [p for p in found if p not in own]
    assert ROOT / "csrc" / "denoise_loop" / "denoise_loop_cpu.cpp" in own


def test_packages_listed_are_the_folders_on_disk():
    spec = importlib.util.spec_from_file_location("emoface_setup", ROOT / "setup.py")
    setup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(setup)
    listed = setup.packages()
    with_code = {
        path.parent.relative_to(ROOT).as_posix()
        for top in ("emoface", "kernels")
        for path in (ROOT / top).rglob("*.py")
    }
    assert set(listed.values()) == with_code, "a folder with Python files lacks its __init__.py"
    assert listed["emoface.kernels.film"] == "kernels/film"


def test_kernels_refuse_their_bare_name():
    spec = importlib.util.spec_from_file_location("kernels", ROOT / "kernels" / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.raises(ImportError, match="pip install -e"):
        spec.loader.exec_module(module)
