"""Ask a city's sandbox: `Sandbox(url, (client_id, secret), agreement=..., purpose=...).query(sql)`."""
