"""The shape of the repository: operator folders are complete, imports point one way, C++ knows no framework."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from emoface.kernels import OPS

ROOT = Path(__file__).resolve().parent.parent
PARTS = {"audio", "binding", "diffusion", "face"}
TOOLS = {"checks", "device", "files", "host", "limits", "rates", "reading", "shown"}  # all parts above may import these

# What each part of the package may import from the others. From the bottom up: a row names parts of earlier rows alone.
# A dotted name allows that module alone. "emoface" is the package's own __init__, "__main__" its command.
ALLOWED: dict[str, set[str]] = {
    "checks": set(),
    "device": {"checks"},
    "files": set(),
    "host": set(),
    "limits": {"checks"},
    "rates": {"checks"},
    "reading": {"limits"},
    "shown": set(),
    "demo": set(),
    "kernels": {"_cpu", "_cuda"},
    "checkpoints": set(),
    "face": {"kernels"},
    "audio": {"kernels", "face.columns", "face.layout", "face.lips", "face.nonverbal"},
    "binding": {"kernels", "face.layout", "audio.features", "audio.normalize"},
    "diffusion": {"kernels", "face.columns", "face.layout", "face.lips", "audio.lip_net"},
    "emotion_forms": {"binding.emotions", "binding.text.words"},
    "face_motion": {"face", "audio"},
    "direct": {"binding.emotions", "emotion_forms", "face_motion", "face", "audio"},
    "render": {"face_motion", "face", "kernels"},
    "export": {"emotion_forms", "face_motion", "render", "face", "audio"},
    "metrics": {"face_motion", "export", "face", "audio", "binding"},
    "animation": {"face_motion", "direct", "export", "render", "face"},
    "capture": {"animation", "emotion_forms", "export", "face_motion", "face", "audio"},
    "emotion": {"emotion_forms", "animation", "face_motion", *PARTS},
    "speaker": {"emotion_forms", "face_motion", "emotion", *PARTS},
    "people": {"speaker", "audio.lip_net", "checkpoints"},
    "types": {"emotion_forms", "face_motion", "people", "speaker", "direct", "audio"},  # annotations alone
    "option_kinds": {"checkpoints", "emotion_forms", "people", "face.controls", "direct"},
    "options": {"option_kinds", "types", "face.controls"},
    "score": {"emotion", "direct", *PARTS},
    "performer": {"options", "emotion", "people", "direct", "score", *PARTS},
    "repaint": {"direct", "emotion", "performer", *PARTS},
    "live": {"options", "types", "animation", "face_motion", "direct", "emotion", "export", "performer", *PARTS},
    "pipeline": {
        "options", "types", "animation", "checkpoints", "emotion", "kernels", "people", "performer", "live",
        "direct", "emotion_forms", "face_motion", "repaint", "score", *PARTS,
    },
    "api": {"options", "types", "animation", "checkpoints", "emotion", "pipeline", *PARTS},
    "emoface": {"animation", "api", "capture", "direct", "emotion", "options", "pipeline", *PARTS},
    "info": {"emoface", "_cpu", "_cuda", "checkpoints", "kernels", "render"},
}
BELOW = set(ALLOWED)
ALLOWED["training"] = BELOW - {"info"}
ALLOWED["evaluation"] = ALLOWED["training"] | {"training"}
ALLOWED["serve"] = BELOW - {"info"}
ALLOWED["studio"] = BELOW - {"info"} | {"serve"}
ALLOWED["jobs"] = {"options", "pipeline", "export", "checkpoints", "emoface"}
ALLOWED["cli"] = BELOW | {"training", "evaluation", "serve", "studio", "jobs"}
ALLOWED["__main__"] = {"cli"}
for part in ALLOWED.keys() - TOOLS - {"kernels", "demo"}:
    ALLOWED[part] |= TOOLS

Name = tuple[str, ...]


def modules() -> Iterator[tuple[Path, Name, Name]]:
    """Every file of the package with its full name and the name of the package it is in."""
    for top, package in (("emoface", ("emoface",)), ("kernels", ("emoface", "kernels"))):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = (*package, *path.relative_to(ROOT / top).with_suffix("").parts)
            yield path, parts[:-1] if parts[-1] == "__init__" else parts, parts[:-1]


MODULES = {name for _, name, _ in modules()}


def imports(path: Path, package: Name) -> Iterator[Name]:
    """Full names that a file imports, wherever in it: in functions, for type checkers, and as text for importlib."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            yield from ((*base, alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = tuple(node.value.split("."))
            if len(name) > 1 and name in MODULES:
                yield name


def part_of(name: Name) -> str:
    """The part of the package that a name below emoface belongs to: a file or a folder, or the package itself."""
    known = len(name) > 1 and (name[:2] in MODULES or name[1] in ("_cpu", "_cuda"))
    return name[1] if known else "emoface"


def arrows() -> Iterator[tuple[str, str, Name]]:
    """(file, its part, full name below emoface) of every import of one part by another."""
    for path, name, package in modules():
        for target in imports(path, package):
            if target[0] == "emoface" and part_of(target) != part_of(name):
                yield path.relative_to(ROOT).as_posix(), part_of(name), target


def graph() -> dict[str, set[str]]:
    """Part -> parts that it imports."""
    found: dict[str, set[str]] = {part_of(name): set() for name in MODULES}
    for _, own, target in arrows():
        found[own].add(part_of(target))
    return found


def circle(parts: dict[str, set[str]]) -> list[str]:
    """Parts of which each imports the next and the last the first again; empty if there is no such circle."""
    try:
        TopologicalSorter(parts).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return []


def test_every_part_has_a_row() -> None:
    assert set(ALLOWED) == set(graph()), "a new part of the package needs a row that says what it may import"


def test_imports_point_one_way() -> None:
    wrong = []
    for path, own, target in arrows():
        allowed = ALLOWED.get(own, set())
        inside = (part_of(target), *target[2:])
        if not any(inside[: name.count(".") + 1] == tuple(name.split(".")) for name in allowed):
            wrong.append(f"{path} imports {'.'.join(target)}: {own} may import {sorted(allowed)}")
    assert not wrong, "\n".join(wrong)


def test_no_parts_import_each_other_in_a_circle() -> None:
    found = circle(graph())
    shown = [f"{path} imports {'.'.join(name)}" for path, own, name in arrows() if {own, part_of(name)} <= set(found)]
    assert not found, f"{' -> '.join(found)}:\n" + "\n".join(shown)


def test_rows_name_parts_of_earlier_rows() -> None:
    earlier = {"_cpu", "_cuda"}
    for part, allowed in ALLOWED.items():
        assert {name.split(".")[0] for name in allowed} <= earlier, part
        earlier.add(part)


def test_circles_and_hidden_imports_are_found(tmp_path: Path) -> None:
    found = circle({"a": {"b", "d"}, "b": {"c"}, "c": {"a"}, "d": set()})
    assert found[0] == found[-1] and "".join(found[:3]) in ("abc", "bca", "cab")
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    file = tmp_path / "module.py"
    file.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from ..animation import Animation\n"
        "def late():\n    import emoface.api, importlib\n    return importlib.import_module('emoface.cli')\n"
    )
    found = {part_of(name) for name in imports(file, ("emoface", "render")) if name[0] == "emoface"}
    assert found == {"animation", "api", "cli"}


def test_one_operator_never_imports_another():
    for path, name, package in modules():
        if name[:2] != ("emoface", "kernels") or len(name) < 4:
            continue
        others = set(OPS) - {name[2]}
        for target in imports(path, package):
            if target[0] == "emoface":
                assert target[1] == "kernels" and not others & {*target[2:3]}, f"{path}: {'.'.join(target)}"


def test_references_import_torch_alone():
    """And the one of denoise_loop the order of its weights, which imports torch alone in turn."""
    for name in OPS:
        tree = ast.parse((ROOT / "kernels" / name / "reference.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                own = name == "denoise_loop" and node.level == 1 and node.module == "weights"
                assert own or (node.module.split(".")[0] in ("torch", "__future__") and not node.level)
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
    expected |= {"trajectory.py", "graph.py", "weights.py"} if name == "denoise_loop" else set()
    assert {path.name for path in folder.glob("*.py")} == expected
    sources = {path.name for path in (ROOT / "csrc" / name).glob("*")}
    assert (f"{name}_cpu.cpp" in sources) == ("cpu" in kinds)
    assert (f"{name}_cuda.cu" in sources) == ("cuda" in kinds)
    assert (ROOT / f"csrc/include/emoface/{name}.h").exists() == bool(kinds & {"cpu", "cuda"})


def test_every_operator_folder_is_registered():
    folders = {path.parent.name for path in (ROOT / "kernels").glob("[a-z]*/__init__.py")}
    assert folders == set(OPS)
    parts = {path.name for path in (ROOT / "csrc").iterdir() if path.is_dir()}
    assert parts - {"include", "cpu", "cuda", "__pycache__"} <= set(OPS)


def test_c_sources_know_no_framework():
    files = [p for p in (ROOT / "csrc").rglob("*") if p.is_file() and not p.name.startswith("bindings")]
    files = [path for path in files if path.suffix != ".pyc"]
    assert files
    for path in files:
        for header in re.findall(r'#\s*include\s*[<"]([^>"]+)', path.read_text()):
            assert not header.startswith(("torch", "ATen", "c10", "pybind11", "Python")), f"{path}: {header}"


def test_code_of_one_instruction_set_uses_no_shared_templates(native_build):
    """A template of the standard library compiled for AVX-512 could be linked into the path of an older processor."""
    allowed = {"cstddef", "cstdint", "cstring", "new"}
    allowed |= {"immintrin.h", "xmmintrin.h", "arm_neon.h", "cuda_fp16.h"}
    own, waiting = set(), [unit.source for unit in native_build.cpu_module("x86_64").units if unit.isa]
    assert ROOT / "csrc" / "denoise_loop" / "denoise_loop_cpu.cpp" in waiting
    while waiting:
        path = waiting.pop()
        own.add(path)
        for header in re.findall(r'#\s*include\s*[<"]([^>"]+)', path.read_text()):
            found = [p for p in (ROOT / "csrc" / header, ROOT / "csrc" / "include" / header) if p.exists()]
            assert found or header in allowed, f"{path}: {header}"
            waiting += [p for p in found if p not in own]


def test_an_operator_is_compiled_without_being_named(native_build):
    """For each instruction set where its list says so, once otherwise."""
    assert not set(re.findall(r"\w+", (ROOT / "csrc" / "native_build.py").read_text())) & set(OPS)
    lists = (ROOT / "csrc/include/emoface/operators.h").read_text().split("#define EMO_")
    listed = {text.split("(")[0]: set(re.findall(r"X\((\w+), ", text)) for text in lists[1:]}
    units = native_build.cpu_module("x86_64").units
    each = {unit.source.parent.name for unit in units if unit.isa} - {"csrc", "cpu"}
    assert each == listed["ISA_OPERATORS"] | {"denoise_loop"}
    assert {unit.source.parent.name for unit in units if not unit.isa} - {"csrc"} == listed["ONCE_OPERATORS"]
    for isa in native_build.X86_ISAS:
        assert [unit.source for unit in units if unit.isa == isa] == sorted({u.source for u in units if u.isa})


def test_packages_listed_are_the_folders_on_disk(setup_script):
    listed = setup_script.packages()
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
