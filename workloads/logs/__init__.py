"""Container logs: `lines` reads what the API server sends, `reading` asks, `stream` follows."""
