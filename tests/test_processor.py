"""Which kernels OpenBLAS should run, and that an interpreter is asked which it does run."""

import sys
from pathlib import Path

from tools import processor
from tools.processor import AVX512, better_kernels, faster_products, instructions

PYTHON = Path(sys.executable)


def test_kernels_are_changed_only_where_the_processor_has_more_than_openblas_uses(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nflags : fpu " + " ".join(AVX512) + "\n")
    known = instructions(info)
    assert better_kernels("Haswell", known) == "SkylakeX"
    assert better_kernels("Haswell", known - {"avx512bw"}) is None
    for enough in ("SkylakeX", "Cooperlake", "SapphireRapids", "unknown", "neoversen1"):
        assert better_kernels(enough, known) is None
    assert instructions(tmp_path / "none") == set()


def test_the_interpreter_is_asked(monkeypatch):
    monkeypatch.setattr(processor, "_PROBE", "print('neoversen1 Haswell')")
    assert faster_products(PYTHON, {}, AVX512) == {"OPENBLAS_CORETYPE": "SkylakeX"}
    assert faster_products(PYTHON, {}, AVX512 - {"avx512f"}) == {}
    monkeypatch.setattr(processor, "_PROBE", "print('SkylakeX')")
    assert faster_products(PYTHON, {}, AVX512) == {}


def test_the_real_question_has_an_answer(monkeypatch):
    monkeypatch.setattr(processor, "better_kernels", lambda chosen, known: f"not {chosen}")
    added = faster_products(PYTHON, {}, AVX512)
    assert set(added) <= {"OPENBLAS_CORETYPE"}
    assert all(name.startswith("not ") and len(name) > 4 for name in added.values())


def test_a_choice_is_left_alone_and_silence_changes_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_PROBE", "print('Haswell')")
    assert faster_products(PYTHON, {"OPENBLAS_CORETYPE": "Zen"}, AVX512) == {}
    assert faster_products(tmp_path / "python", {}, AVX512) == {}
    monkeypatch.setattr(processor, "_PROBE", "raise SystemExit(1)")
    assert faster_products(PYTHON, {}, AVX512) == {}
