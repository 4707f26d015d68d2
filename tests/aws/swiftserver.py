#!/usr/bin/python3
"""swiftserver: a real S3 that checks signatures, for tests: OpenStack Swift with its S3 API, all of it in one process.

usage: swiftserver.py FOLDER      prints the port, serves on 127.0.0.1 until standard input ends

Access key "test:tester", secret "testing", region us-east-1, buckets in the path. Needs python3-swift and the Python
of the system, and a file system with extended attributes below FOLDER. What it logs is in FOLDER/log.
"""
import os
import sys

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import reload_storage_policies  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

KINDS = ("account", "container", "object")

COMMON = """[DEFAULT]
swift_dir = {dir}
devices = {dir}/devices
mount_check = false
disable_fallocate = true
log_address = {dir}/none
log_level = WARNING
bind_ip = 127.0.0.1
bind_port = {port}
"""

BACKEND = COMMON + """
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

PROXY = COMMON + """
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:slo]
use = egg:swift#slo
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
"""


class Cache(dict):
    """What memcached is to Swift, as far as it insists on one."""

    def __bool__(self):
        return True  # also while it is empty

    def set(self, key, value, *_, **__):
        self[key] = value

    def get(self, key, *_, **__):
        return super().get(key)

    def incr(self, key, delta=1, **_):
        self[key] = int(super().get(key, 0)) + delta
        return self[key]

    def delete(self, key, *_, **__):
        self.pop(key, None)


def with_cache(app):
    cache = Cache()

    def cached(env, start_response):
        env["swift.cache"] = cache
        return app(env, start_response)
    return cached


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def make_ring(folder, kind, port):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0,
                     "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})
    builder.rebalance(seed=1)
    builder.get_ring().save(os.path.join(folder, f"{kind}.ring.gz"))


def main():
    folder = os.path.abspath(sys.argv[1])
    log = open(os.path.join(folder, "log"), "a", encoding="utf-8")  # pylint: disable=consider-using-with
    os.makedirs(os.path.join(folder, "devices", "d1"))
    os.setxattr(folder, "user.swift", b"1")  # says at once when it cannot work here
    write(folder, "swift.conf", "[swift-hash]\nswift_hash_path_suffix = s\nswift_hash_path_prefix = p\n"
                                "[storage-policy:0]\nname = one\ndefault = yes\n")
    utils.set_swift_dir(folder)
    reload_storage_policies()
    listeners = {k: eventlet.listen(("127.0.0.1", 0)) for k in KINDS + ("proxy",)}
    ports = {k: s.getsockname()[1] for k, s in listeners.items()}
    for kind in KINDS:
        make_ring(folder, kind, ports[kind])
    for kind in KINDS + ("proxy",):
        text = (PROXY if kind == "proxy" else BACKEND).format(dir=folder, port=ports[kind], kind=kind)
        app = loadapp(write(folder, f"{kind}.conf", text), global_conf={})
        app = with_cache(app) if kind == "proxy" else app
        eventlet.spawn(eventlet.wsgi.server, listeners[kind], app, log=log, max_size=256)
    print(ports["proxy"], flush=True)
    eventlet.tpool.execute(sys.stdin.read)


main()
