"""The four ways in which something goes wrong here; everything we raise is one of them."""


class CcError(Exception):
    """Root of all errors of ours. `str()` is a sentence for a person, and says what to do."""


class ConfigError(CcError):
    """The configuration is wrong. Carries one or more findings, each with its place."""

    def __init__(self, findings: "list[Finding]") -> None:
        self.findings = findings
        super().__init__("\n".join(str(finding) for finding in findings))


class Finding:
    """One thing that is wrong in the configuration, where, and what to do about it."""

    def __init__(self, place: str, key: str, problem: str, advice: str = "", severity: str = "error") -> None:
        self.place = place  # "queues.yaml:12:5", or "default" or "command line"
        self.key = key  # "queues.sales.wrapup"
        self.problem = problem
        self.advice = advice
        self.severity = severity  # "error" or "warning"

    def __str__(self) -> str:
        tail = f" ({self.advice})" if self.advice else ""
        return f"{self.place}: {self.key}: {self.problem}{tail}"

    def as_dict(self) -> dict[str, str]:
        return {"place": self.place, "key": self.key, "problem": self.problem, "advice": self.advice,
                "severity": self.severity}


class Refused(CcError):
    """A request that cannot be carried out now. `code` is stable and part of the API."""

    def __init__(self, code: str, why: str) -> None:
        self.code = code
        super().__init__(why)


class LineFault(CcError):
    """Hardware or the network failed us."""


class Bug(CcError):
    """An invariant broke: logged with history, that call cleared, never swallowed."""
