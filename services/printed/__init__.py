"""Services as their pages print them: rows and cards made ready, so that templates only place."""
