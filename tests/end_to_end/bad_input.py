"""What a network can hand in: each gets a clear answer, nothing is lost, and nothing of it reaches a shell or a path."""
import http.client
import json
import socket

from support.case import BACKEND, BUILDABLE, WorldCase
from support.deliveries import Delivery, push_delivery

SHA_1, SHA_2 = "1" * 40, "2" * 40
LIMIT = 256 * 1024


def push(**changes):
    """A signed push whose top-level fields are replaced; None takes a field out."""
    delivery = push_delivery(BACKEND, SHA_1, SHA_2, [{"id": SHA_2, "modified": ["app.txt"]}])
    body = delivery.json
    for name, value in changes.items():
        if value is None:
            body.pop(name)
        else:
            body[name] = value
    return delivery.with_text(json.dumps(body).encode()).signed()


class BadInput(WorldCase):
    @classmethod
    def furnish(cls, world):
        world.template(BACKEND)
        world.template("Lumie-Edu/any", name="any-build-template", app="any")["repository"] = "Lumie-Edu/*"
        world.configuration["triggers"][-1].update(repositories=["Lumie-Edu/*"], filter="body.repository.name != 'lumie-backend'")
        world.configuration["webhook"].update(max_body=LIMIT, read_timeout="2s")

    def tearDown(self):
        """Whatever came in, the daemon lives and a right push is still judged."""
        status, _, answer = self.world.send(push_delivery("Other/repository", SHA_1, SHA_2).signed())
        self.assertEqual((200, []), (status, answer["runs"]))

    def raw(self, data, finish=True, seconds=10):
        """Sends bytes as they are; the status of the answer (0: closed without one), and all of it."""
        host, port = self.daemon.configuration["webhook"]["listen"].split(":")
        with socket.create_connection((host, int(port)), timeout=seconds) as connection:
            try:
                connection.sendall(data)
                if finish:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = b""
            try:
                while part := connection.recv(65536):
                    answer += part
                    head, _, rest = answer.partition(b"\r\n\r\n")
                    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                    if length and len(rest) >= int(length[0].split(b":")[1]):
                        break
            except (socket.timeout, ConnectionError):
                pass
        return (int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0), answer

    def wire(self, delivery, path="/hooks", method="POST", length=None, extra=b""):
        lines = [f"{method} {path} HTTP/1.1", "Host: slipway", *[f"{name}: {value}" for name, value in delivery.headers],
                 f"Content-Length: {len(delivery.body) if length is None else length}"]
        return "\r\n".join(lines).encode() + b"\r\n" + extra + b"\r\n" + delivery.body

    def refused(self, delivery, expected=400):
        count = self.runs_of_deliveries()
        status, _, answer = self.world.send(delivery)
        self.assertEqual(expected, status, answer)
        self.assertTrue(answer["error"] if isinstance(answer, dict) else answer, "an answer that says what is wrong")
        self.assertEqual(count, self.runs_of_deliveries())
        return answer

    def runs_of_deliveries(self):
        """How many there are. A run that does not find its made-up commit on the branch makes the daemon build the branch's head."""
        return sum(run["source"] == "webhook" for run in self.daemon.runs())

    def test_paths_and_methods(self):
        good = push()
        for path, expected in (("/", 404), ("/hook", 404), ("/hooks/x", 404), ("/hooks/", 202), ("//hooks", 404)):
            with self.subTest(path=path):
                status, answer = self.raw(self.wire(push(after="3" * 40), path))
                self.assertIn(status, (expected, 200) if expected == 202 else (expected,), answer)
                self.assertFalse(300 <= status < 400)
        for method in ("GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"):
            with self.subTest(method=method):
                status, answer = self.raw(self.wire(good, method=method))
                self.assertEqual(405, status, answer)
                self.assertIn(b"allow: post", answer.lower())

    def test_a_body_that_ends_early_makes_nothing(self):
        good = push()
        count = self.runs_of_deliveries()
        status, _ = self.raw(self.wire(good, length=len(good.body) + 100))
        self.assertIn(status, (0, 400))
        self.assertEqual(count, len(self.daemon.runs()))

    def test_a_length_below_the_body_cuts_it_and_the_signature_fails(self):
        good = push()
        status, _ = self.raw(self.wire(good, length=len(good.body) - 10))
        self.assertEqual(401, status)

    def test_lengths_that_are_none(self):
        good = push()
        for length in ("-1", "abc", "18446744073709551616", "99999999999999999999999"):
            with self.subTest(length=length):
                self.assertIn(self.raw(self.wire(good, length=length))[0], (400, 413))

    def test_two_lengths_that_differ(self):
        good = push()
        status, _ = self.raw(self.wire(good, extra=b"Content-Length: 5\r\n"))
        self.assertEqual(400, status)

    def test_no_length_and_chunked(self):
        good = push()
        head = self.wire(good).split(b"Content-Length")[0]
        self.assertEqual(411, self.raw(head + b"\r\n" + good.body)[0])
        chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(good.body), good.body)
        self.assertIn(self.raw(chunked)[0], (411, 202, 200))

    def test_too_large_is_refused_before_it_is_read(self):
        good = push()
        status, answer = self.raw(self.wire(good, length=LIMIT + 1), finish=False)
        self.assertEqual(413, status, answer)
        self.assertGreater(self.daemon.metric("slipway_deliveries_total"), 0)

    def test_a_client_that_sends_all_before_it_listens_gets_its_refusal(self):
        body = b" " * (8 << 20)
        for delivery, path, expected in ((push(), "/hooks", 413), (push(), "/elsewhere", 404),
                                         (push().with_header("Content-Type", "text/plain"), "/hooks", 415)):
            with self.subTest(expected=expected):
                host, port = self.daemon.configuration["webhook"]["listen"].split(":")
                connection = http.client.HTTPConnection(host, int(port), timeout=20)
                connection.request("POST", path, body, dict(delivery.headers))
                self.assertEqual(expected, connection.getresponse().status)
                connection.close()

    def test_a_body_of_exactly_the_limit_is_read(self):
        delivery = push()
        delivery = delivery.with_text(delivery.body + b" " * (LIMIT - len(delivery.body))).signed()
        self.assertIn(self.world.send(delivery)[0], (200, 202))

    def test_a_body_that_comes_too_slowly_is_given_up(self):
        good = push()
        status, _ = self.raw(self.wire(good)[:-50], finish=False, seconds=20)
        self.assertIn(status, (408, 0))

    def test_large_and_broken_headers(self):
        good = push()
        self.assertIn(self.raw(self.wire(good, extra=b"X-Big: " + b"a" * 200_000 + b"\r\n"))[0], (400, 413, 431))
        for junk in (b"\x16\x03\x01\x02\x00", b"hello\r\n\r\n", b"POST /hooks\r\n\r\n", b"\r\n" * 50, b"POST /hooks HTTP/9.9\r\n\r\n"):
            with self.subTest(junk=junk[:12]):
                self.assertIn(self.raw(junk)[0], (0, 400, 411, 505))

    def test_another_content_type_is_not_read(self):
        self.refused(push().with_header("Content-Type", "text/plain"), 415)
        self.refused(push().with_header("Content-Type", None), 415)

    def test_bodies_that_are_no_json_or_no_push(self):
        base = push_delivery(BACKEND, SHA_1, SHA_2)
        for text in (b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"ref": 5}', base.body[:-20], base.body + b"}", b"\xff\xfe{}",
                     base.body.replace(b"lumie-backend", b"lumie-\xc3\x28"), b'{"ref":"\\ud800"}', b"\xef\xbb\xbf{}"):
            with self.subTest(text=text[:30]):
                self.refused(base.with_text(text).signed())

    def test_depth_bombs(self):
        base = push_delivery(BACKEND, SHA_1, SHA_2)
        for text in (b"[" * 100_000, b'{"a":' * 40_000 + b"1" + b"}" * 40_000, b"[" * 60_000 + b"]" * 60_000):
            with self.subTest(text=text[:10]):
                self.refused(base.with_text(text).signed())

    def test_pushes_of_the_wrong_shape(self):
        for changes in ({"repository": None}, {"repository": {}}, {"repository": {"full_name": 7}}, {"ref": None}, {"ref": ["x"]},
                        {"before": None}, {"after": None}, {"after": "xyz"}, {"after": "1" * 39}, {"after": SHA_1 + "; rm -rf"},
                        {"commits": {"a": 1}}, {"commits": "x"}, {"commits": [5]}, {"commits": [{"id": 5}]}):
            with self.subTest(changes=changes):
                self.refused(push(**changes))

    def test_commits_null_is_read_as_none(self):
        delivery = push_delivery(BACKEND, SHA_1, "4" * 40)
        body = delivery.json
        body["commits"] = None
        status, _, answer = self.world.send(delivery.with_text(json.dumps(body).encode()).signed())
        self.assertIn(status, (200, 202), answer)

    def test_names_of_repositories_that_want_to_be_more(self):
        for name in ("../evil", "..", "a/../../b", "%2e%2e", "a b", 'a"b', "a'b", "a\nb", "a\u0000b", "$(touch x)", "`x`", "a;b", "-rf",
                     ".git", "a.git/x", "\u202eevil", "x" * 300, ""):
            with self.subTest(name=name):
                delivery = push_delivery(BACKEND, SHA_1, SHA_2)
                body = delivery.json
                body["repository"].update(name=name, full_name=f"Lumie-Edu/{name}")
                status, _, answer = self.world.send(delivery.with_text(json.dumps(body).encode()).signed())
                self.assertIn(status, (200, 400), answer)
                self.assertEqual([], answer.get("runs", []) if isinstance(answer, dict) else [])
        self.assertEqual([], [path for path in self.daemon.state.rglob("*") if "evil" in path.name])

    def test_a_name_that_differs_from_the_full_name_is_refused_or_not_matched(self):
        delivery = push_delivery(BACKEND, SHA_1, SHA_2)
        body = delivery.json
        body["repository"]["full_name"] = "Evil-Org/lumie-backend"
        status, _, answer = self.world.send(delivery.with_text(json.dumps(body).encode()).signed())
        self.assertIn(status, (200, 400))
        self.assertEqual([], answer.get("runs", []))

    def test_a_form_without_its_field_or_twice(self):
        form = Delivery.load("form-push")
        for body in (b"", b"other=1", b"payload", b"payload=%ZZ", b"payload=%7B%7D&payload=%7B%7D"):
            with self.subTest(body=body):
                bad = Delivery(form.headers, body)
                self.assertIn(bad.send(self.daemon.hook)[0], (400, 401, 411))

    def test_refusals_are_counted_and_logged(self):
        before = self.daemon.metric("slipway_deliveries_total")
        self.assertEqual(401, self.world.send(push().signed(b"wrong"))[0])
        self.assertGreater(self.daemon.metric("slipway_deliveries_total"), before)
        self.assert_logged("signature")

    def test_a_pushed_path_or_file_never_leaves_the_workspace(self):
        files = {**BUILDABLE, "link": "/etc/passwd", "-rf": "x", "a b'\"$(x).txt": "x", "sub/../x".replace("..", "dots"): "x"}
        repository = self.world.source(BACKEND)
        repository.commit(files, modes={"link": "120000"})
        _, run = self.push_and_finish(BACKEND, {"app.txt": "two\n"})
        self.assertEqual("succeeded", run["state"], run)
