"""The load stage as a whole: what is read, what is refused, and what is known of what could not be read."""

from __future__ import annotations

from reconciler.load.documents import load
from reconciler.load.layout import FileKind

GOOD = b"namespace: wines\n"
ENVIRONMENT = "environments/eu/environment.yaml"
DEPLOYMENT = "environments/eu/deployments/wines.yaml"


def test_files_come_back_in_order_of_their_paths() -> None:
    loaded = load({"models/b/model.yaml": GOOD, ENVIRONMENT: GOOD, "models/a/model.yaml": GOOD})
    assert [file.path for file in loaded.files] == [ENVIRONMENT, "models/a/model.yaml", "models/b/model.yaml"]
    assert loaded.findings == ()
    assert all(file.sound for file in loaded.files)


def test_a_document_knows_its_file() -> None:
    (file,) = load({ENVIRONMENT: GOOD}).files
    assert file.document is not None
    assert file.document.file == ENVIRONMENT
    assert file.place.kind is FileKind.ENVIRONMENT
    assert str(file.document.at("namespace")) == f"{ENVIRONMENT}:1:12"


def test_a_file_that_cannot_be_read_is_still_known() -> None:
    (file,) = load({DEPLOYMENT: b"\xff"}).files
    assert (file.path, file.document, file.sound) == (DEPLOYMENT, None, False)


def test_a_file_with_a_fault_is_not_sound() -> None:
    (file,) = load({DEPLOYMENT: b"a: yes\n"}).files
    assert file.document is not None
    assert not file.sound


def test_a_refused_link_in_the_place_of_a_declaration_is_a_file_that_could_not_be_read() -> None:
    loaded = load({}, links={DEPLOYMENT: "/etc/passwd"})
    assert [(file.path, file.sound) for file in loaded.files] == [(DEPLOYMENT, False)]
    assert [finding.rule for finding in loaded.findings] == ["symbolic-links"]


def test_a_refused_link_elsewhere_is_only_a_finding() -> None:
    loaded = load({}, links={"environments/eu": "/etc"})
    assert loaded.files == ()
    assert [finding.rule for finding in loaded.findings] == ["symbolic-links"]


def test_a_submodule_is_refused_by_name() -> None:
    loaded = load({}, submodules=["models/shared", "models/.hidden"])
    assert [(str(f.location), f.rule) for f in loaded.findings] == [("models/shared:1:1", "submodules")]


def test_what_could_not_be_read_is_a_finding_with_the_reason() -> None:
    loaded = load({}, unreadable={DEPLOYMENT: "permission denied", "models": "it is a pipe"})
    assert [(f.location.file, f.rule) for f in loaded.findings] == [
        (DEPLOYMENT, "unreadable-file"),
        ("models", "unreadable-file"),
    ]
    assert "cannot be read: permission denied." in loaded.findings[0].message
    assert [file.path for file in loaded.files] == [DEPLOYMENT]


def test_ignored_files_are_not_even_looked_at() -> None:
    loaded = load(
        {"models/README.md": b"\xff", "models/.x/model.yaml": b"\xff"},
        links={"models/.y": "/etc"},
        unreadable={"models/.z": "permission denied"},
    )
    assert (loaded.files, loaded.findings) == ((), ())


def test_a_name_that_cannot_be_printed_is_no_declaration() -> None:
    loaded = load({"environments/eu/deployments/a\nb.yaml": GOOD})
    assert loaded.files == ()
    assert [finding.rule for finding in loaded.findings] == ["unknown-file"]


TEMPLATE = "environments/eu/extras/notes.yaml.j2"


def test_templates_are_text() -> None:
    loaded = load({TEMPLATE: b"a: {{ b }}\n", ENVIRONMENT: GOOD})
    (found,) = loaded.templates
    assert found.template is not None
    assert (found.environment, found.name, found.template.file) == ("eu", "notes", TEMPLATE)
    assert found.template.text == "a: {{ b }}\n"
    assert [file.path for file in loaded.files] == [ENVIRONMENT]
    assert loaded.findings == ()


def test_a_template_that_is_no_text_is_known_by_name() -> None:
    loaded = load({TEMPLATE: b"a: \xff"})
    assert [(found.name, found.template) for found in loaded.templates] == [("notes", None)]
    assert [(finding.rule, finding.location.file) for finding in loaded.findings] == [("utf-8", TEMPLATE)]


def test_a_refused_link_in_the_place_of_a_template_is_known_by_name() -> None:
    loaded = load({}, links={TEMPLATE: "/etc/passwd"})
    assert [(found.name, found.template) for found in loaded.templates] == [("notes", None)]
    assert [finding.rule for finding in loaded.findings] == ["symbolic-links"]


def test_equal_contents_are_read_once_wherever_they_lie() -> None:
    other = "environments/us/environment.yaml"
    first, second = load({ENVIRONMENT: GOOD, other: GOOD}).files
    assert first.document is not None
    assert second.document is not None
    assert second.document.value is first.document.value
    assert str(second.document.at("namespace")) == f"{other}:1:12"


def test_what_is_the_same_in_another_revision_is_taken_from_there() -> None:
    before = load({ENVIRONMENT: GOOD, DEPLOYMENT: b"model: wines\n"})
    after = load({ENVIRONMENT: GOOD, DEPLOYMENT: b"model: prices\n"}, like=before)
    same = {old.path for old, new in zip(before.files, after.files, strict=True) if new == old}
    assert same == {ENVIRONMENT}
    assert after.files[1].document is before.files[1].document


def test_a_file_with_a_fault_is_read_again_and_told_again() -> None:
    before = load({ENVIRONMENT: b"a: yes\n"})
    after = load({ENVIRONMENT: b"a: yes\n", "environments/us/environment.yaml": b"a: yes\n"}, like=before)
    assert [finding.location.file for finding in after.findings] == [
        ENVIRONMENT,
        "environments/us/environment.yaml",
    ]
