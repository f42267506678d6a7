"""Which memory group a worker is in, read from what the kernel says of it."""

from pathlib import Path

import pytest

from certification.sandbox import cgroups

V1 = "34 30 0:29 / {point} rw,relatime - cgroup cgroup rw,memory"
V1_OTHER = "35 30 0:30 / {point} rw,relatime - cgroup cgroup rw,cpu,cpuacct"
V2 = "36 30 0:31 / {point} rw,relatime - cgroup2 cgroup rw"
INNER = "34 30 0:29 /outer {point} rw,relatime - cgroup cgroup rw,memory"


@pytest.fixture
def kernel(tmp_path):
    """Writes what the kernel would say: own groups, and mounts at a folder of ours."""

    def says(groups, *mounts):
        proc = tmp_path / "proc"
        proc.mkdir()
        (proc / "cgroup").write_text(groups)
        (proc / "mountinfo").write_text(
            "".join(mount.format(point=tmp_path / "mount") + "\n" for mount in mounts)
        )
        return proc

    return says


def passing(folder: Path, controllers: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "cgroup.subtree_control").write_text(controllers)
    return folder


@pytest.mark.parametrize(
    ("groups", "mount", "inside"),
    [
        ("4:memory:/\n", V1, "."),
        ("9:cpu:/x\n4:memory:/a/b\n0::/\n", V1, "a/b"),
        ("4:memory:/outer/a\n", INNER, "a"),
    ],
)
def test_version_one_is_found_at_its_mount(kernel, tmp_path, groups, mount, inside):
    proc = kernel(groups, V1_OTHER, mount)
    assert cgroups._place(proc) == (tmp_path / "mount" / inside, 1)


def test_version_two_is_used_where_memory_is_passed_on(kernel, tmp_path):
    folder = passing(tmp_path / "mount/worker", "cpu memory pids\n")
    assert cgroups._place(kernel("0::/worker\n", V2)) == (folder, 2)


@pytest.mark.parametrize("controllers", ["", "cpu pids\n", None])
def test_version_two_is_left_alone_where_it_is_not(kernel, tmp_path, controllers):
    if controllers is not None:
        passing(tmp_path / "mount/worker", controllers)
    assert cgroups._place(kernel("0::/worker\n", V2)) is None


def test_a_machine_without_groups_has_no_place(kernel, tmp_path):
    assert cgroups._place(kernel("", V1)) is None
    assert cgroups._place(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("version", [1, 2])
def test_where_the_roof_cannot_be_set_there_is_none(tmp_path, monkeypatch, version):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(cgroups, "_place", lambda: (tmp_path / "file", version))
    with cgroups.roof(2**20) as group:
        assert group is None
    monkeypatch.setattr(cgroups, "_place", lambda: None)
    with cgroups.roof(2**20) as group:
        assert group is None
    cgroups.sweep()


@pytest.mark.parametrize(
    ("said", "struck"),
    [
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", False),
        ("oom_kill 2\n", True),
        (None, False),
    ],
)
def test_a_kill_by_the_kernel_is_seen(tmp_path, said, struck):
    if said is not None:
        (tmp_path / "events").write_text(said)
    assert cgroups.Group(tmp_path, ("limit",), "events").struck() is struck
