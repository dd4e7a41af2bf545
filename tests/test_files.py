"""Files that are written whole: what is there at the end, after an error, and after a kill."""

import errno
import os
import stat

import pytest

from tools import files
from tools.files import SUFFIX, remove_unfinished, write_atomically


def test_a_file_is_made_with_its_folder_and_replaced_whole(tmp_path):
    path = tmp_path / "new" / "folder" / "a.txt"
    write_atomically(path, b"one\r\n")
    write_atomically(path, b"two\n")
    assert path.read_bytes() == b"two\n"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_error_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch, step):
    path = tmp_path / "a.txt"
    write_atomically(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, step, full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_kill_left_is_removed_and_nothing_else(tmp_path):
    kept = [tmp_path / name for name in ("a.txt", f"a{SUFFIX}", ".hidden")]
    for path in (*kept, tmp_path / f".0123{SUFFIX}"):
        path.write_bytes(b"")
    remove_unfinished(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    remove_unfinished(tmp_path / "no folder")


if os.name != "nt":  # permissions and links of this kind, and folders that can be opened

    def test_the_umask_takes_its_share_of_the_permissions(tmp_path):
        before = os.umask(0o027)
        try:
            write_atomically(tmp_path / "usual", b"")
            write_atomically(tmp_path / "secret", b"", mode=0o600)
        finally:
            os.umask(before)
        modes = [stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("usual", "secret")]
        assert modes == [0o640, 0o600]

    def test_what_lies_in_the_way_is_not_written_into(tmp_path, monkeypatch):
        monkeypatch.setattr(files.secrets, "token_hex", lambda count: "0123")
        (tmp_path / "theirs").write_bytes(b"theirs")
        (tmp_path / f".0123{SUFFIX}").symlink_to(tmp_path / "theirs")
        with pytest.raises(FileExistsError):
            write_atomically(tmp_path / "a.txt", b"mine")
        assert (tmp_path / "theirs").read_bytes() == b"theirs"

    @pytest.mark.parametrize(("number", "told"), [(errno.EINVAL, False), (errno.EIO, True)])
    def test_a_folder_that_cannot_be_synchronised(tmp_path, monkeypatch, number, told):
        """Some file systems do not know it; a disk that fails is told."""

        def refuse(descriptor):
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(number, "no")

        monkeypatch.setattr(files.os, "fsync", refuse)
        if told:
            with pytest.raises(OSError, match="no"):
                write_atomically(tmp_path / "a.txt", b"a")
        else:
            write_atomically(tmp_path / "a.txt", b"a")
        assert (tmp_path / "a.txt").read_bytes() == b"a"
