"""`make run`: one small supervisor for the whole product on one machine."""
