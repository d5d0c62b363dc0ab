"""A reverse proxy before the Git server or the registry that does what a failing network does, when it is told to."""
import http.client
import http.server
import threading

from .processes import free_port

_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Fault:
    """What happens to one request. `before` is called first; then one of the kinds:
    pass, status (answer it, do not forward), cut (close, do not forward), cut_after (forward, close without an answer),
    hang (hold until released, then close), hang_after (forward, hold, then close)."""

    def __init__(self, kind="pass", status=503, seconds=3600.0, before=None):
        self.kind, self.status, self.seconds, self.before = kind, status, seconds, before


PASS = Fault()


class Proxy:
    """Listens on a port of its own. `judge(method, path, body)` returns a Fault, or None to pass; it may be replaced at any time."""

    def __init__(self, upstream_port, judge=None):
        self.upstream_port = upstream_port
        self.judge = judge or (lambda method, path, body: None)
        self.released = threading.Event()
        self.requests = []  # (method, path, answer's status or kind of fault)
        self.port = free_port()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self):
                proxy._serve(self)

            do_GET = do_POST = do_PUT = do_HEAD = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

            def send_response(self, code, message=None):
                self.send_response_only(code, message)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def release(self):
        """Ends every request that hangs, and lets later ones hang anew."""
        self.released.set()
        self.released = threading.Event()

    def _serve(self, handler):
        body = _body_of(handler)
        fault = self.judge(handler.command, handler.path, body) or PASS
        if fault.before:
            fault.before()
        status, headers, answer = (fault.status, [], b"injected\n")
        if fault.kind in ("pass", "cut_after", "hang_after"):
            status, headers, answer = self._forward(handler, body)
        self.requests.append((handler.command, handler.path, status if fault.kind == "pass" else fault.kind))
        if fault.kind in ("hang", "hang_after"):
            self.released.wait(fault.seconds)
        if fault.kind not in ("pass", "status"):
            handler.close_connection = True
            return
        handler.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                handler.send_header(name, value)
        if handler.command != "HEAD":
            handler.send_header("Content-Length", str(len(answer)))
        else:
            handler.send_header("Content-Length", dict((n.lower(), v) for n, v in headers).get("content-length", "0"))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(answer)

    def _forward(self, handler, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=120)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() not in _HOP and name.lower() != "expect":
                    connection.putheader(name, value)
            if body or handler.command in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except OSError as error:
            return 502, [], str(error).encode()
        finally:
            connection.close()


def _body_of(handler):
    if handler.headers.get("Transfer-Encoding", "").lower() == "chunked":
        parts = []
        while size := int(handler.rfile.readline().split(b";")[0], 16):
            parts.append(handler.rfile.read(size))
            handler.rfile.readline()
        while handler.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return b"".join(parts)
    length = int(handler.headers.get("Content-Length") or 0)
    return handler.rfile.read(length) if length else b""
