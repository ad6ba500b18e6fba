"""What pgbench runs: the rows that a request is about, and nothing else. `:name` stands for a parameter."""

from .requests import NEW_ROW as ROW_OF_POST
from .requests import PAGE as PAGE_ROWS

COLUMNS = "id, name, price, qty, tags, created, owner, note"

BY_ID = f"SELECT {COLUMNS} FROM bench.items WHERE id = :id"
PAGE = f"SELECT {COLUMNS} FROM bench.items ORDER BY id LIMIT {PAGE_ROWS}"
INSERT = (f"INSERT INTO bench.posted_items ({', '.join(ROW_OF_POST)}) VALUES ({', '.join(f':{name}' for name in ROW_OF_POST)})"
          f" RETURNING {COLUMNS}")


def _parameter(value: object) -> str:
    """A value as the text of a parameter."""
    if isinstance(value, list):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value)


NEW_ROW = {name: _parameter(value) for name, value in ROW_OF_POST.items()}
