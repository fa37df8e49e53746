"""The catalogue in the words of others: DCAT-AP, CKAN, schema.org, ODRL."""
