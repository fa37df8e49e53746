"""What a release must satisfy: thresholds per channel, from `[risk]` of workspace.toml.

GB/T 42460-2023 as secondary sources describe it [2]; values marked [r] were recalled and not found
in the text of the standard. They are settings so that a bureau can correct them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from catalog.contract import CHANNELS, Release
from quality.errors import QualityError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The bounds of one channel.

    Attributes:
        tau: largest theta = 1/size that a class may have; one class above it makes the risk 1.
        k: smallest class that may be released.
        l: fewest distinct sensitive values in a class; None: not required.
        t: largest distance of a class's sensitive values from the table's, 0..1; None: not required.
        risk: largest overall risk R = DR x CR.
        measure: the theta that is the data risk DR: the largest class's or the mean over the rows.
        context: the context risk CR, 0..1; 1 for a public release.
    """

    tau: Fraction
    k: int
    l: int | None = None  # noqa: E741
    t: float | None = None
    risk: Fraction = Fraction(1, 20)
    measure: Literal["max", "mean"] = "max"
    context: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """What is measured for a resource.

    Attributes:
        quasi_identifiers: fields that together may single a person out.
        sensitive: fields whose value must not be learnt of a person.
        direct: direct identifiers that the release still carries; there should be none.
    """

    resource: str
    channel: str
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...]
    thresholds: Thresholds
    direct: tuple[str, ...] = ()


def exact(value: Any) -> Any:
    """A number or a text like `1/20` as a fraction; 0.05 is 1/20, not its nearest binary number."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("expected a number or a fraction like '1/20'")
    try:
        return Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError("expected a number or a fraction like '1/20'") from error


_Share = Annotated[Fraction, BeforeValidator(exact), Field(gt=0, le=1)]


class ChannelRisk(BaseModel):
    """The bounds of one channel; `k` follows from `tau` unless it is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tau: _Share = Fraction(1, 5)
    k: int | None = Field(default=None, ge=1)
    l: int | None = Field(default=None, ge=1)  # noqa: E741
    t: float | None = Field(default=None, ge=0, le=1)
    threshold: _Share | None = None
    measure: Literal["max", "mean"] = "mean"
    # Below 1 only with a recorded assessment of who receives the data and under which safeguards.
    context: _Share = Fraction(1)


class OpenRisk(ChannelRisk):
    """Public release: tau 1/20, the largest theta, and a context risk that is always 1 [2]."""

    tau: _Share = Fraction(1, 20)
    measure: Literal["max", "mean"] = "max"

    @field_validator("context")
    @classmethod
    def _public(cls, value: Fraction) -> Fraction:
        if value != 1:
            raise ValueError("the context risk of a public release is 1")
        return value


class EnclaveRisk(ChannelRisk):
    """Inside a controlled environment: tau 1/3, the mean theta [2]."""

    tau: _Share = Fraction(1, 3)


class RiskSettings(BaseModel):
    """The section `[risk]` of workspace.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: _Share = Fraction(1, 20)  # of the overall risk: [r]
    # The smallest count that statistics may show. Offices use 3 to 10; no standard here says which.
    minimum_count: int = Field(default=3, ge=1)
    open: OpenRisk = OpenRisk()
    share: ChannelRisk = ChannelRisk()
    extract: ChannelRisk = ChannelRisk()
    sandbox: EnclaveRisk = EnclaveRisk()

    def thresholds(self, channel: str) -> Thresholds:
        """The bounds of a channel.

        Raises:
            QualityError: `risk_channel` for a channel that has none.
        """
        if channel not in CHANNELS:
            raise QualityError("risk_channel", channel=channel, known=", ".join(CHANNELS))
        own: ChannelRisk = getattr(self, channel)
        return Thresholds(
            tau=own.tau,
            k=own.k or math.ceil(1 / own.tau),
            l=own.l,
            t=own.t,
            risk=own.threshold or self.threshold,
            measure=own.measure,
            context=own.context,
        )


def policy_of(resource: str, release: Release, settings: RiskSettings) -> RiskPolicy:
    """What is measured for a record-level release; its own bounds count where they are stricter.

    Raises:
        QualityError: `risk_channel`.
    """
    bounds = settings.thresholds(release.channel)
    fewest = [value for value in (bounds.l, release.l) if value is not None]
    farthest = [value for value in (bounds.t, release.t) if value is not None]
    own = replace(
        bounds,
        k=max(bounds.k, release.k or 0),
        l=max(fewest, default=None),
        t=min(farthest, default=None),
    )
    return RiskPolicy(resource, release.channel, release.quasi_identifiers, release.sensitive, own)
