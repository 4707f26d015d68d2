"""A real S3 for tests (swiftserver.py): started in a folder of its own, filled by requests that are signed here."""

import datetime
import hashlib
import hmac
import os
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request

ID, SECRET, REGION = "test:tester", "testing", "us-east-1"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
               "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
               "AWS_EC2_METADATA_DISABLED": "true"}
PYTHON = "/usr/bin/python3"  # Debian's, which has the module of Debian's package


def make_folder():
    """Swift keeps metadata in extended attributes, which not every file system has."""
    for place in (tempfile.gettempdir(), "/var/tmp", os.getcwd()):
        folder = tempfile.mkdtemp(prefix="gyr-s3-", dir=place)
        try:
            os.setxattr(folder, "user.gyr", b"1")
            return folder
        except OSError:
            shutil.rmtree(folder)
    raise OSError("no file system with extended attributes (tried the folder for temporary files, /var/tmp and this one)")


class Store:
    """url is its endpoint; buckets stand in the path. It ends with the test (or class) whose cleanup it is given."""

    def __init__(self, cleanup):
        folder = make_folder()
        cleanup(shutil.rmtree, folder, ignore_errors=True)
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "swiftserver.py")
        self.process = subprocess.Popen([PYTHON, script, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        cleanup(self.stop)
        port = self.process.stdout.readline().strip()
        if not port:
            raise OSError("swiftserver.py did not start: " + self.process.stderr.read())
        self.url = f"http://127.0.0.1:{port}"

    def stop(self):
        self.process.kill()
        self.process.wait()
        for f in (self.process.stdin, self.process.stdout, self.process.stderr):
            f.close()

    def put(self, bucket, key=None, data=b""):
        """Makes a bucket, or an object in it."""
        path = "/" + bucket + ("/" + urllib.parse.quote(key, safe="/~") if key else "")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        payload = hashlib.sha256(data).hexdigest()
        host = self.url.split("//")[1]
        names = "host;x-amz-content-sha256;x-amz-date"
        canonical = f"PUT\n{path}\n\nhost:{host}\nx-amz-content-sha256:{payload}\nx-amz-date:{now}\n\n{names}\n{payload}"
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        mac = ("AWS4" + SECRET).encode()
        for part in scope.split("/") + [text]:
            mac = hmac.new(mac, part.encode(), hashlib.sha256).digest()
        request = urllib.request.Request(self.url + path, data, {
            "x-amz-content-sha256": payload, "x-amz-date": now, "Content-Type": "application/octet-stream",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={ID}/{scope}, SignedHeaders={names}, Signature={mac.hex()}"},
            method="PUT")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            answer.read()
