"""Ask a city's sandbox, or read what its departments share.

from citybrain_client import Sandbox

with Sandbox(url, (client_id, secret), agreement="green-credit", purpose="green_credit") as city:
    print(city.quote("SELECT sector, COUNT(*) AS n FROM sandbox.enterprise GROUP BY sector"))
"""

from citybrain_client.answers import Answer, Column, Quote, Record
from citybrain_client.errors import SandboxRefused, SandboxUnreachable, Where
from citybrain_client.exchange import Exchange, Page, notice_is_genuine
from citybrain_client.sandbox import Job, Sandbox

__all__ = [
    "Answer",
    "Column",
    "Exchange",
    "Job",
    "Page",
    "Quote",
    "Record",
    "Sandbox",
    "SandboxRefused",
    "SandboxUnreachable",
    "Where",
    "notice_is_genuine",
]
