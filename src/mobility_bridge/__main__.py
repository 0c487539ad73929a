"""`python -m mobility_bridge`."""

from mobility_bridge.cli.main import main

if __name__ == "__main__":
    main()
