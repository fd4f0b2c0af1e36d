"""``python -m infodyn``, and the door of the installed program."""

from typing import Any

from infodyn import quiet


def main() -> Any:
    """Run the program; Ctrl-C is quiet while it is loaded and when it is done."""
    quiet.begin()
    from infodyn import cli

    try:
        return cli.main()
    finally:
        quiet.over()


if __name__ == "__main__":
    main()
