"""The container image, read and not built: stages, user, health, and nothing installed at start."""

import json
import re

import pytest
from tests.support.fixtures import REPOSITORY

Instruction = tuple[str, str]


def stages() -> dict[str, list[Instruction]]:
    """The instructions of each stage by its name."""
    text = re.sub(r"\\\n", " ", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"))
    found: dict[str, list[Instruction]] = {}
    current: list[Instruction] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = found[name] = [("FROM", base)]
        else:
            current.append((word, " ".join(rest.split())))
    return found


def of(stage: str, word: str) -> list[str]:
    """What a stage says, and the stages of this file that it builds on before it."""
    instructions = stages()[stage]
    base = instructions[0][1]
    before = of(base, word) if base in stages() and word != "FROM" else []
    return [*before, *(rest for name, rest in instructions if name == word)]


RUNS = ("runtime", "sandbox")


def test_the_lean_image_is_what_is_built_when_nothing_is_named() -> None:
    names = list(stages())
    assert names[0] == "build"
    assert names[-1] == "runtime"
    assert of("runtime", "FROM") == of("sandbox", "FROM") == ["base"]
    assert of("base", "FROM") == of("build", "FROM")
    assert "slim" in of("base", "FROM")[0]


@pytest.mark.parametrize("stage", RUNS)
def test_nothing_runs_as_root(stage: str) -> None:
    users = of(stage, "USER")
    assert len(users) == 1
    assert users[0] not in ("root", "0")


@pytest.mark.parametrize("stage", RUNS)
def test_nothing_is_installed_after_the_build_stage(stage: str) -> None:
    said = " ".join([*of(stage, "RUN"), *of(stage, "CMD"), *of(stage, "ENTRYPOINT")])
    assert not re.search(r"\b(pip|apt|apt-get|curl|wget)\b", said)


def test_everything_installed_has_a_known_hash() -> None:
    installs = re.findall(r"pip install[^&]*", " ".join(of("build", "RUN")))
    assert installs
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)


def test_only_what_the_program_needs_is_copied() -> None:
    copied = " ".join(of("build", "COPY"))
    for folder in ("src/", "adapters/", "schemas/", "config/"):
        assert folder in copied
        assert (REPOSITORY / folder).is_dir()
    assert "hatch_build.py" in copied
    assert "tests" not in copied
    for stage in RUNS:
        assert of(stage, "COPY") == ["--from=build /opt/bridge /opt/bridge"]


def test_health_is_a_command_of_the_program_and_term_is_the_signal() -> None:
    commands = {stage: json.loads(of(stage, "HEALTHCHECK")[-1].partition("CMD ")[2]) for stage in RUNS}
    assert commands["runtime"] == ["mobility-bridge", "status", "--active-within", "3600"]
    assert commands["sandbox"] == ["mobility-bridge", "sandbox", "status"]
    assert of("runtime", "STOPSIGNAL") == ["SIGTERM"]


@pytest.mark.parametrize("stage", RUNS)
def test_the_image_starts_the_program_itself(stage: str) -> None:
    (entry,) = of(stage, "ENTRYPOINT")
    assert json.loads(entry) == ["mobility-bridge"]
    words = json.loads(of(stage, "CMD")[-1])
    assert words[:2] == (["run"] if stage == "runtime" else ["sandbox", "run"])


@pytest.mark.parametrize("stage", RUNS)
def test_state_is_kept_in_one_folder_that_the_user_owns(stage: str) -> None:
    (folder,) = of(stage, "VOLUME")
    assert f"--home-dir {folder}" in of(stage, "RUN")[0]
    assert of(stage, "WORKDIR") == [folder]
