"""What the instruments of a city let its partners ask about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from catalog.agreements import Agreement
from catalog.database.instrument_records import Permission
from catalog.database.instruments import Instruments
from pipelines.plan import Plan as Workspace
from sandbox.asking import sources_of
from sandbox.errors import SandboxError
from sandbox.pricing import Asked
from sandbox.terms import ViewTerms, terms_of


class Agreed:
    """Asks the instruments anew each time: what they say may end at any second."""

    def __init__(self, workspace: Workspace, instruments: Instruments) -> None:
        self._workspace = workspace
        self._instruments = instruments
        contracts = workspace.workspace.contracts
        self._views = {n: terms_of(c) for n, c in contracts.items() if c.privacy is not None}

    @property
    def _name(self) -> str:
        return self._workspace.workspace.name

    @property
    def units(self) -> list[str]:
        """Of all views, the kinds of unit of privacy."""
        return sorted({view.unit for view in self._views.values()})

    def terms(self, asked: Asked, at: datetime) -> Agreement:
        """What the agreement says; that it holds, and for whom, is checked with the fields."""
        known = self._instruments.in_force(self._name, "agreement", asked.agreement, at)
        document = known.document if known is not None else None
        mine = asked.partner or (document.partner.id if isinstance(document, Agreement) else "")
        if not isinstance(document, Agreement) or document.partner.id != mine:
            raise self.not_allowed(asked, at) if mine else SandboxError("agreement_unknown")
        return document

    def allowed(
        self, asked: Asked, partner: str, used: Mapping[str, tuple[str, ...]], at: datetime
    ) -> Permission:
        """The permission to use these fields of these views.

        Raises:
            CatalogError: the instruments do not give it.
        """
        return self._instruments.allowing(
            self._name,
            partner,
            asked.user,
            asked.purpose,
            used,
            at,
            sources=sources_of(self._workspace, used),
            agreement=asked.agreement,
        )

    def not_allowed(self, asked: Asked, at: datetime) -> SandboxError:
        """The same words for an agreement of others and one that never was; others for one that ended.

        Raises:
            CatalogError: what there is to say of an agreement of the partner's own.
        """
        self.allowed(asked, asked.partner or "", {}, at)
        return SandboxError("agreement_unknown")

    def granted(self, terms: Agreement) -> dict[str, ViewTerms]:
        """The views that an agreement names, each with the fields that it names."""
        contracts = self._workspace.workspace.contracts
        return {
            view.name: terms_of(contracts[view.name], set(view.fields))
            for view in terms.views
            if view.name in self._views
        }
