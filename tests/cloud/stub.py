"""S3 and SQS as far as gyr asks them, inside of a test: objects and messages are plain data, answers may be
replaced, and the time of visibility passes when the test says so. Every signature is checked."""

import collections
import hashlib
import http.server
import json
import re
import select
import socket
import threading
import time
import urllib.parse

from sigv4 import is_signed

ID, SECRET, REGION = "AKIDEXAMPLE", "secret/with+signs", "eu-west-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
               "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
               "AWS_EC2_METADATA_DISABLED": "true"}
ACCOUNT = "123456789012"

Answer = collections.namedtuple("Answer", "status body headers", defaults=({},))


def s3_error(status, code):
    return Answer(status, f"<Error><Code>{code}</Code><Message>as told</Message></Error>".encode())


class Stub:
    """buckets: name -> {key: bytes}. faults: key -> answers that its next GETs get; the last one stays when
    `forever` has the key. All of it under `lock`, which is notified of every change."""

    def __init__(self, test, page=1000):
        self.lock = threading.Condition()
        self.page = page
        self.buckets = collections.defaultdict(dict)
        self.classes = {}
        self.faults = collections.defaultdict(list)
        self.forever = {}
        self.requests = []  # (method or action, path or body)
        self.now = 0.0  # of the queue
        self.messages = {}
        self.dead = []
        self.max_receives = None
        self.n_messages = 0
        self.polling = 0  # receives that wait
        self.fail_deletes = 0
        self.denied = {}  # action -> how often it is answered with a 500
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                stub.answer(self, b"")

            def do_POST(self):
                stub.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # who was killed leaves connections behind

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.queue_url = f"{self.url}/{ACCOUNT}/trail"
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        test.addCleanup(thread.join)
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    # ---- both ----

    def answer(self, request, body):
        try:
            if not is_signed(request.command, request.path, request.headers, body, SECRET):
                a = s3_error(403, "SignatureDoesNotMatch")
            elif request.command == "GET":
                a = self.s3(request)
            else:
                a = self.sqs(request.headers["X-Amz-Target"].split(".")[1], json.loads(body), request)
            self.send(request, a)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True

    @staticmethod
    def send(request, a):
        request.send_response(a.status)
        for name, value in {"Content-Length": len(a.body), **a.headers}.items():
            request.send_header(name, str(value))
        request.end_headers()
        request.wfile.write(a.body)
        if int(a.headers.get("Content-Length", len(a.body))) > len(a.body):  # told more than there is
            request.close_connection = True

    def seen(self, what):
        """How many requests were of this method or action."""
        with self.lock:
            return sum(r[0] == what for r in self.requests)

    # ---- S3 ----

    def put(self, bucket, key, data):
        with self.lock:
            self.buckets[bucket][key] = data

    def s3(self, request):
        url = urllib.parse.urlsplit(request.path)
        bucket, _, key = urllib.parse.unquote(url.path[1:]).partition("/")
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        with self.lock:
            self.requests.append(("GET" if key else "LIST", key or query.get("prefix", "")))
            if bucket not in self.buckets:
                return s3_error(404, "NoSuchBucket")
            return self.get(bucket, key, request) if key else self.list(bucket, query)

    def get(self, bucket, key, request):
        if self.faults[key]:
            return self.faults[key].pop(0)
        if key in self.forever:
            return self.forever[key]
        if key not in self.buckets[bucket]:
            return s3_error(404, "NoSuchKey")
        data, etag = self.buckets[bucket][key], '"' + hashlib.md5(self.buckets[bucket][key]).hexdigest() + '"'
        asked = re.match(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if not asked:
            return Answer(200, data, {"ETag": etag})
        start = int(asked[1])
        return Answer(206, data[start:], {"ETag": etag, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})

    def list(self, bucket, q):
        after = q.get("continuation-token", q.get("start-after", ""))
        prefix, delimiter, rows, groups, last = q.get("prefix", ""), q.get("delimiter"), [], [], None
        for key in sorted(k for k in self.buckets[bucket] if k.startswith(prefix) and k > after):
            rest = key[len(prefix):]
            if delimiter and delimiter in rest:
                group = prefix + rest.split(delimiter)[0] + delimiter
                if group in groups or after.startswith(group):
                    continue
            else:
                group = None
            if len(rows) + len(groups) == self.page:
                break
            (groups if group else rows).append(group or key)
            last = key if not group else group + "\U0010ffff"
        else:
            last = None
        q_ = urllib.parse.quote_plus
        text = "".join(f"<Contents><Key>{q_(k, safe='/')}</Key><ETag>&quot;"
                       f"{hashlib.md5(self.buckets[bucket][k]).hexdigest()}&quot;</ETag>"
                       f"<Size>{len(self.buckets[bucket][k])}</Size>"
                       f"<StorageClass>{self.classes.get(k, 'STANDARD')}</StorageClass></Contents>" for k in rows)
        text += "".join(f"<CommonPrefixes><Prefix>{q_(g, safe='/')}</Prefix></CommonPrefixes>" for g in groups)
        more = f"<IsTruncated>{'true' if last else 'false'}</IsTruncated>"
        if last:
            more += f"<NextContinuationToken>{last}</NextContinuationToken>"
        return Answer(200, ('<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                            f"{more}{text}</ListBucketResult>").encode())

    # ---- SQS ----

    def say(self, body):
        """A message; text as it is, anything else as JSON. -> its id"""
        with self.lock:
            self.n_messages += 1
            ident = f"m-{self.n_messages}"
            self.messages[ident] = {"body": body if isinstance(body, str) else json.dumps(body),
                                    "visible": 0.0, "receives": 0, "receipt": ""}
            self.lock.notify_all()
            return ident

    def advance(self, seconds):
        """Time passes for the queue."""
        with self.lock:
            self.now += seconds
            self.lock.notify_all()

    def left(self):
        with self.lock:
            return sorted(self.messages)

    def receives(self, ident):
        with self.lock:
            return self.messages[ident]["receives"] if ident in self.messages else None

    def visible_in(self, ident):
        with self.lock:
            return self.messages[ident]["visible"] - self.now

    def sqs(self, action, body, request):
        with self.lock:
            self.requests.append((action, body))
            if self.denied.get(action, 0) > 0:
                self.denied[action] -= 1
                return Answer(500, b'{"__type":"com.amazonaws.sqs#InternalError","message":"as told"}')
            if action != "GetQueueUrl" and body["QueueUrl"] != self.queue_url or \
                    action == "GetQueueUrl" and body["QueueName"] != "trail":
                return Answer(400, b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}')
            if action == "ReceiveMessage":
                return Answer(200, json.dumps(self.receive(body, request)).encode())
            return Answer(200, json.dumps(getattr(self, action)(body)).encode())

    def GetQueueUrl(self, _):
        return {"QueueUrl": self.queue_url}

    def ready(self):
        """The messages that may be received now; those received too often go to the dead letters."""
        for ident, m in list(self.messages.items()):
            if m["visible"] > self.now:
                continue
            if self.max_receives and m["receives"] >= self.max_receives:
                self.dead.append(self.messages.pop(ident)["body"])
                continue
            yield ident, m

    @staticmethod
    def is_gone(request):
        """Whether who asked has hung up: nothing is handed to the dead."""
        if not select.select([request.connection], [], [], 0)[0]:
            return False
        return not request.connection.recv(1, socket.MSG_PEEK)

    def is_idle(self, times, receivers=2):
        """Whether all messages were received so often, and what was received was looked at: everybody asks for more."""
        with self.lock:
            return self.polling == receivers and all(m["receives"] == times for m in self.messages.values())

    def receive(self, body, request):
        self.polling += 1
        try:
            return self.poll(body, request)
        finally:
            self.polling -= 1

    def poll(self, body, request):
        end = time.monotonic() + body["WaitTimeSeconds"]
        while True:
            if self.is_gone(request):
                return {}
            got = list(self.ready())[:body["MaxNumberOfMessages"]]
            if got or time.monotonic() >= end:
                break
            self.lock.wait(end - time.monotonic())
        for ident, m in got:
            m["receives"] += 1
            m["visible"] = self.now + body["VisibilityTimeout"]
            m["receipt"] = f"{ident}/{m['receives']}"
        return {"Messages": [{"MessageId": i, "ReceiptHandle": m["receipt"], "Body": m["body"],
                              "MD5OfBody": hashlib.md5(m["body"].encode()).hexdigest(),
                              "Attributes": {"ApproximateReceiveCount": str(m["receives"])}} for i, m in got]} if got else {}

    def each(self, body, do):
        """Applies to the messages of a batch; a receipt that is not the last one fails."""
        good, bad = [], []
        for e in body["Entries"]:
            ident = e["ReceiptHandle"].split("/")[0]
            m = self.messages.get(ident)
            if m and m["receipt"] == e["ReceiptHandle"] and do(ident, m, e):
                good.append({"Id": e["Id"]})
            else:
                bad.append({"Id": e["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": True})
        return {"Successful": good, "Failed": bad}

    def DeleteMessageBatch(self, body):
        def delete(ident, _, __):
            if self.fail_deletes > 0:
                self.fail_deletes -= 1
                return False
            del self.messages[ident]
            return True
        return self.each(body, delete)

    def ChangeMessageVisibilityBatch(self, body):
        def change(_, m, e):
            m["visible"] = self.now + e["VisibilityTimeout"]
            self.lock.notify_all()
            return True
        return self.each(body, change)
