"""What the catalogue database knows of resources that their catalogue entries tell."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.database import tables as t

TREND = 10  # scores


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """One resource.

    Attributes:
        number: 1 for the first resource that was recorded in the workspace; it never changes,
            because resources are never deleted.
        first_published: when its first snapshot was committed.
        scores: the quality scores of its last steps that have one, the oldest first.
    """

    number: int
    first_published: datetime | None
    scores: tuple[tuple[datetime, float], ...]


def resource_facts(session: Session, workspace: str) -> dict[str, ResourceFacts]:
    """The facts of every resource that was ever recorded, in three statements."""
    owner = select(t.Workspace.id).where(t.Workspace.name == workspace).scalar_subquery()
    mine = t.Resource.workspace_id == owner
    names = session.execute(
        select(t.Resource.id, t.Resource.name).where(mine).order_by(t.Resource.id)
    ).all()
    first = select(t.Snapshot.resource_id, func.min(t.Snapshot.committed_at))
    first = first.join(t.Resource, t.Resource.id == t.Snapshot.resource_id).where(mine)
    published = {row[0]: row[1] for row in session.execute(first.group_by(t.Snapshot.resource_id))}
    place = func.row_number().over(partition_by=t.Step.resource_id, order_by=t.Step.id.desc())
    steps = select(
        t.Step.resource_id, t.Step.id, t.Step.finished_at, t.Step.score, place.label("place")
    )
    steps = steps.join(t.Resource, t.Resource.id == t.Step.resource_id)
    last = steps.where(mine, t.Step.score.is_not(None)).subquery()
    query = select(last.c.resource_id, last.c.finished_at, last.c.score)
    scores = defaultdict(list)
    for row in session.execute(query.where(last.c.place <= TREND).order_by(last.c.id)):
        scores[row[0]].append((row[1], row[2]))
    return {
        name: ResourceFacts(number, published.get(key), tuple(scores[key]))
        for number, (key, name) in enumerate(names, 1)
    }
