"""Reading an Open Data Contract Standard 3.1 document into a `Contract`.

Every fault is collected with its file and line; a contract is returned only when it has none.
"""

from catalog.odcs.contract import read_contract
from catalog.odcs.document import ContractFaults

__all__ = ["ContractFaults", "read_contract"]
