"""`python -m tests.ses_double --log FILE [--port N] [--queue-url URL --sqs-endpoint URL]`

Prints its address, and serves until it is ended.
"""

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from tests.ses_double.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.ses_double", description=__doc__)
    parser.add_argument("--log", type=Path, required=True, help="the accept log; appended to")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--queue-url", default="", help="SQS queue that gets the events")
    parser.add_argument("--sqs-endpoint", default="", help="where SQS is (moto's server)")
    parser.add_argument("--fsync", action="store_true", help="the log survives a power cut too")
    told = parser.parse_args()
    server = Server(
        told.log, port=told.port, queue_url=told.queue_url, sqs_endpoint=told.sqs_endpoint, fsync=told.fsync
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(server.url + "\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(0.05)


if __name__ == "__main__":
    main()
