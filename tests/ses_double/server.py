"""The double as an HTTP server: one thread a connection, and faults at the level of the socket."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.ses_double.accepted import AcceptLog
from tests.ses_double.desk import Desk
from tests.ses_double.faults import Fault, FaultKind, Faults
from tests.ses_double.handle import CONTROL, Handle
from tests.ses_double.model import SesError, the_model
from tests.ses_double.publisher import Habits, Publisher


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self,
        log: Path,
        *,
        port: int = 0,
        queue_url: str = "",
        sqs_endpoint: str = "",
        region: str = "eu-west-1",
        seed: int = 7,
        fsync: bool = False,
    ) -> None:
        habits = Habits()
        self.publisher = Publisher(habits, queue_url=queue_url, sqs_endpoint=sqs_endpoint, region=region, seed=seed)
        self.log = AcceptLog(log, fsync=fsync)
        self.desk = Desk(self.log, self.publisher, habits, seed=int.from_bytes(os.urandom(8)))
        self.faults = Faults(seed)
        self.model = the_model()
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self.publisher.close()
        self.log.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what half of the tests are about; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of an answer leave together
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """The accept log is the only log."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(CONTROL):
            self._reply(200, self._control(self.path.removeprefix(CONTROL), json.loads(body or b"{}")))
            return
        try:
            call = self.server.model.read(self.command, self.path, body)
            if call.operation == "SendEmail":
                self._send_email(call.params)
            else:
                self._reply(200, self.server.desk.answer(call))
        except SesError as error:
            self._fail(error.code, error.message, error.status)

    def _send_email(self, params: dict[str, Any]) -> None:
        to = params.get("Destination", {}).get("ToAddresses", [""])
        fault = self.server.faults.strike(to[0] if to else "")
        if fault and not fault.kind.accepts:
            self._strike(fault)
            return
        self.server.desk.refuse(params)
        mail = self.server.desk.accept(params)
        if fault:
            self._strike(fault)
            return
        self._reply(200, {"MessageId": mail.message_id})

    def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.ERROR_BEFORE | FaultKind.ERROR_AFTER:
                self._fail(fault.code, fault.message, fault.status)
            case FaultKind.GARBAGE_AFTER:
                self._reply_bytes(200, b"<html>\xff\xfe not what you asked for</html>")
            case FaultKind.EMPTY_AFTER:
                self._reply(200, {})
            case FaultKind.CUT_AFTER:
                self._reply_bytes(200, b'{"MessageId": "0102', promised=200)
                self._hang_up()
            case FaultKind.HANG_BEFORE | FaultKind.HANG_AFTER:
                self.server.stopping.wait(fault.seconds)
                self._hang_up()
            case FaultKind.KILL_AFTER:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(fault.pid, signal.SIGKILL)
                self._hang_up()
            case _:
                self._hang_up()

    def _hang_up(self) -> None:
        """Resets the connection, as a dying proxy does: no FIN, no answer."""
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _fail(self, code: str, message: str, status: int) -> None:
        self._reply_bytes(status, json.dumps({"message": message}).encode(), error=code)

    def _reply(self, status: int, document: object) -> None:
        self._reply_bytes(status, json.dumps(document).encode())

    def _reply_bytes(self, status: int, body: bytes, *, error: str = "", promised: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(promised or len(body)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _control(self, what: str, told: dict[str, Any]) -> object:
        """The switchboard; see `Handle` for what each does."""
        match (self.command, what):
            case ("POST", "faults"):
                self.server.faults.add(Fault(**(told | {"kind": FaultKind(told["kind"])})))
            case ("DELETE", "faults"):
                self.server.faults.clear()
            case ("POST", "state"):
                self.server.desk.account.change(told)
                self.server.desk.habits.change(told)
            case ("POST", "settle"):
                return {"settled": self.server.publisher.settle(told["timeout_s"])}
            case ("GET", "events"):
                return self.server.publisher.sent
            case ("GET", "log"):
                return {"log": str(self.server.log.file)}
        return {}


@contextmanager
def start(log: Path, **options: Any) -> Iterator[Handle]:
    """The double in threads of this process. Options are those of `Server`."""
    server = Server(log, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="ses-double", daemon=True)
    thread.start()
    try:
        yield Handle(server.url, log)
    finally:
        server.stop()
        thread.join(5)


@contextmanager
def start_process(log: Path, *, queue_url: str = "", sqs_endpoint: str = "", port: int = 0) -> Iterator[Handle]:
    """The double as a process of its own: whoever sends may be killed, the double stays."""
    command = [sys.executable, "-m", "tests.ses_double", "--log", str(log), "--port", str(port)]
    command += ["--queue-url", queue_url, "--sqs-endpoint", sqs_endpoint]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, "the double did not start"
            yield Handle(address, log)
        finally:
            process.terminate()
            process.wait(10)
