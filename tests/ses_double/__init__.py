"""A stand-in for Amazon SES v2: a real HTTP server that boto3 is pointed at with `endpoint_url`.

    with start(log=tmp_path / "accepted.jsonl") as double:      # a thread of this process
        load_settings(..., **double.settings())
        double.fault("drop_after", times=1)                     # the next answer is lost after acceptance
        ...
        assert [mail.address for mail in double.accepted()] == [...]

Or as a process of its own, which survives the kill of whoever sends: `python -m tests.ses_double --port 0
--log FILE --queue-url URL --sqs-endpoint URL` prints its address; `Handle(address)` steers it.

moto's server takes SES sends too, but drops e-mail tags and knows neither events nor quotas nor suppression.
"""

from tests.ses_double.handle import Accepted, Handle
from tests.ses_double.server import start, start_process

__all__ = ["Accepted", "Handle", "start", "start_process"]
