"""On what terms a resource and its fields are shared and opened, as a contract declares it.

The items are those of 政务信息资源目录编制指南 (试行), 2017: sharing (共享属性) and opening (开放属性).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

OpenType = Literal["unconditional", "conditional", "closed"]
Way = Literal["interface", "file", "sandbox", "media"]
CODE = r"[123]\d{2}\d{3}\d*/\d+"


class Declared(BaseModel):
    """Base of what is declared: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Catalogue(Declared):
    """What the resource catalogue needs beyond the contract (core items 1 to 13).

    Attributes:
        share_type: 1 unconditional (无条件共享), 2 conditional (有条件), 3 none (不予共享).
        share_condition: the condition of type 2; of type 3 the legal basis for not sharing.
        share_way: how it is given (共享方式): through the exchange's interface, as a file, as answers
            of the sandbox, or on a medium.
        related: codes of related resources, or tables of the workspace.
    """

    category: str | None = Field(default=None, pattern=rf"^{CODE}$")
    share_type: Literal[1, 2, 3] | None = None
    share_condition: str | None = Field(default=None, min_length=1)
    share_way: tuple[Way, ...] = ()
    open: bool | None = None
    open_condition: str | None = None
    published: date | None = None
    related: tuple[str, ...] = ()

    @field_validator("share_way", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Sharing(Declared):
    """What is declared for one field (信息项); what is not is that of its resource.

    Attributes:
        type, condition: as `share_type` and `share_condition` of a resource.
        open: whether it is opened to society.
    """

    type: Literal[1, 2, 3] | None = None
    condition: str | None = Field(default=None, min_length=1)
    open: OpenType | None = None
