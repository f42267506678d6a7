import pytest

from registry.domain.identifiers import (
    Format,
    InvalidIdentifierError,
    Kind,
    PackageName,
    check_digest,
    check_path,
    check_version,
    parse_package_name,
)


def test_a_name_has_two_parts():
    name = parse_package_name("acme/web-search_2.0")
    assert name == PackageName("acme", "web-search_2.0")
    assert str(name) == "acme/web-search_2.0"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("acme", "not of the form"),
        ("/x", "not a namespace"),
        ("Acme/x", "not a namespace"),
        ("acme-/x", "not a namespace"),
        ("a" * 41 + "/x", "not a namespace"),
        ("portal/x", "reserved"),
        ("acme/", "not a package name"),
        ("acme/.x", "not a package name"),
        ("acme/x/y", "not a package name"),
        ("acme/" + "x" * 101, "not a package name"),
        ("acme/ünïcode", "not a package name"),
        ("acme/x\n", "not a package name"),
    ],
)
def test_illegal_names(text, reason):
    with pytest.raises(InvalidIdentifierError, match=reason):
        parse_package_name(text)


@pytest.mark.parametrize("version", ["0.0.0", "1.2.3", "1.0.0-rc.1+build.5", "10.20.30-alpha"])
def test_semver_for_agents(version):
    assert check_version(version, Kind.AGENT) == version


@pytest.mark.parametrize(
    "version", ["1", "1.2", "01.2.3", "v1.2.3", "1.2.3-01", "", "1.2.3\n", "1.0.0-" + "a" * 60]
)
def test_not_semver(version):
    with pytest.raises(InvalidIdentifierError, match="SemVer"):
        check_version(version, Kind.AGENT)


@pytest.mark.parametrize("version", ["2026-11-23", "v1", "1.0rc1", "main_3"])
def test_any_short_tag_for_models(version):
    assert check_version(version, Kind.MODEL) == version


@pytest.mark.parametrize("version", ["", "a b", "a/b", "../1", "x" * 65, "-1"])
def test_illegal_model_versions(version):
    with pytest.raises(InvalidIdentifierError, match="not a version"):
        check_version(version, Kind.MODEL)


def test_digests():
    assert check_digest("sha256:" + "0" * 64) == "sha256:" + "0" * 64
    with pytest.raises(InvalidIdentifierError, match="not a digest"):
        check_digest("sha256:" + "A" * 64)


@pytest.mark.parametrize("path", ["a", "a/b.txt", ".claude-plugin/plugin.json", "naïve/ß.md"])
def test_legal_paths(path):
    assert check_path(path) == path


def test_paths_are_composed():
    assert check_path("e\u0301.txt") == "\u00e9.txt"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("x" * 513, "longer than 512"),
        ("/".join("a" * 25), "deeper"),
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("a\\b", "back-slash"),
        ("../x", "climbs"),
        ("a/../x", "climbs"),
        ("a//b", "empty segment"),
        ("./a", "empty segment"),
        ("a/", "empty segment"),
        ("x" * 256, "255 bytes"),
        ("a\x00b", "invisible"),
        ("a\u202eb", "invisible"),
        ("dot.", "ends in a dot"),
        ("space /x", "ends in a dot"),
    ],
)
def test_illegal_paths(path, reason):
    with pytest.raises(InvalidIdentifierError, match=reason):
        check_path(path)


def test_formats_know_their_kind():
    assert Format.MCPB.kind is Kind.AGENT
    assert Format.GGUF.kind is Kind.MODEL
