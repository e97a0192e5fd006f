"""`python -m gateway` is the command `ticket-gateway`."""

from gateway.cli import main

if __name__ == "__main__":
    main()
